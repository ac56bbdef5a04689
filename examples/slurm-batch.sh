#!/bin/sh
# One shard of `bertqa batch` for each task of a Slurm array; a task that is queued again goes on.
#   sbatch --array=1-8 --requeue slurm-batch.sh rows.jsonl parts [OPTION...]
#   bertqa merge parts/*.jsonl -o answers.jsonl
set -eu
input=$1
folder=$2
shift 2
mkdir -p "$folder"
status=0
"${BERTQA:-bertqa}" batch "$input" --shard "$SLURM_ARRAY_TASK_ID/$SLURM_ARRAY_TASK_COUNT" \
  -o "$folder/$SLURM_ARRAY_TASK_ID.jsonl" --resume --quiet "$@" || status=$?
[ "$status" -le 1 ] || exit "$status" # 1: some records failed, which merge names
