"""What test_spark.py runs in an interpreter that has pyspark: one session, all that is asked of it.

spark_session.py RECORDS MODULE PROGRAM MODEL: prints one object, by what each part is called there.
The cluster has two workers with a core each, so both have work where there are two partitions.
"""

import json
import os
import sys

from pyspark.sql import SparkSession

RECORDS, MODULE, PROGRAM, MODEL = sys.argv[1:]
PARTITIONS = 2


def executor_of(_):
    """Executors run in SPARK_WORKER_DIR/APPLICATION/NUMBER, and their Python workers with them."""
    return [os.getcwd()]


def failure_of(action):
    try:
        action()
    except Exception as error:
        return str(error)
    return "nothing was raised"


def main():
    builder = SparkSession.builder.master("local-cluster[2,1,1024]").appName("bertqa")
    for key, value in (("spark.ui.enabled", "false"), ("spark.task.maxFailures", 1),
                       # Wait for both workers.
                       ("spark.scheduler.minRegisteredResourcesRatio", 1),
                       # The frames that answers() gets: several of them in a partition.
                       ("spark.sql.execution.arrow.maxRecordsPerBatch", 16)):
        builder = builder.config(key, str(value))
    spark = builder.getOrCreate()
    context = spark.sparkContext
    context.setLogLevel("ERROR")
    context.addPyFile(MODULE)
    import bertqa_spark

    lines = context.textFile(RECORDS, PARTITIONS)
    rows = spark.createDataFrame(
        lines.map(json.loads).map(lambda row: (row["id"], row["question"], row.get("context"))),
        "id BIGINT, question STRING, context STRING")
    options = {"options": ("--model", MODEL), "program": PROGRAM}
    failing = {**options, "options": ("--model", "none")}
    command = f"sh -c '{PROGRAM} batch --quiet --threads 1 --model {MODEL} || test $? -eq 1'"

    def answered(frame, names):
        return frame.mapInPandas(bertqa_spark.answers(**names), bertqa_spark.schema("BIGINT"))

    print(json.dumps({
        "executors": context.parallelize(range(8), 8).mapPartitions(executor_of).collect(),
        "rows": [row.asDict(recursive=True) for row in answered(rows, options).collect()],
        "limited": len(answered(rows, options).take(1)),
        "none": len(answered(rows.where("id < 0"), options).collect()),
        "lines": bertqa_spark.pipe(lines, **options).collect(),
        "spark_pipe": lines.pipe(command, checkCode=True).collect(),
        "rows_failure": failure_of(answered(rows, failing).collect),
        "lines_failure": failure_of(bertqa_spark.pipe(lines, **failing).collect)}))
    spark.stop()


if __name__ == "__main__":
    main()
