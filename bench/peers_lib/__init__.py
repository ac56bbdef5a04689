"""Parts of bench/peers and bench/scaling.

Modules that the launcher imports need nothing but Python 3.9: contenders, environment, machine,
measure, options, process, report, schedule, scoring, squad, store, summary, svg, targets. Those of
the child processes (worker, reader, decoder, tuning, prepare, export_*, engine_*) import numpy and
one runtime each, in the virtual environment.
"""
