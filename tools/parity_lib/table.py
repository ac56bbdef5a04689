"""The reports as a Markdown table."""

from peers_lib.markdown import table

HEADER = ("family", "model", "examples", "ids equal", "offsets equal", "largest difference of logits",
          "answers equal")


def of(reports):
    """A row a checkpoint."""
    return table(HEADER, [(report.family, report.model, str(report.examples), str(report.ids_equal),
                           str(report.offsets_equal), f"{report.largest_logit_difference:.1e}",
                           str(report.answers_equal)) for report in reports])
