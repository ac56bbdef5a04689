#!/bin/sh
# One shard of `bertqa batch` for each task of a Slurm array; a task that is queued again goes on.
#   sbatch --array=1-8 --requeue slurm-batch.sh rows.jsonl parts [OPTION...]
#   bertqa merge parts/*.jsonl -o answers.jsonl
# Some tasks once more, as they were (an array of two alone would be an array of 2):
#   SHARDS=8 sbatch --array=3,5 slurm-batch.sh rows.jsonl parts [OPTION...]
set -eu
input=$1
folder=$2
shift 2
mkdir -p "$folder"
status=0
"${BERTQA:-bertqa}" batch "$input" -o "$folder/$SLURM_ARRAY_TASK_ID.jsonl" --resume --quiet \
  --shard "$SLURM_ARRAY_TASK_ID/${SHARDS:-$SLURM_ARRAY_TASK_COUNT}" "$@" || status=$?
[ "$status" -le 1 ] || exit "$status" # 1: some records failed, which merge names
