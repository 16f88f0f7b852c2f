"""All errata of the five courses, and those that studies of their own show."""

from experiments.analyses.errata import course_a, course_b, course_c, course_d, course_e
from experiments.analyses.errata.erratum import Erratum

SHOWN_BY_STUDIES = [
    [
        "A 6.2",
        "Input and output have the same indices, and a padded output stands at the corner of its "
        "window",
        "convolution_arithmetic",
    ],
    ["A 7", "The CNN has the higher loss and the higher accuracy: no error", "dense_vs_cnn"],
    ["B 1.2.6", "The polynomial kernel is usable from degree 6", "svm_kernels"],
    ["B 2.1 Q1", "A dense layer has x·y·z·x'·y' parameters", "convolution_arithmetic"],
    ["B 2.1 Q7", "The output has (n − k + 2p)/s + 1 pixels a side", "convolution_arithmetic"],
    ["D 2.1.1", "The convolution of eq. 10 ends at the index n(m) − 1", "convolution_arithmetic"],
]
"""Source, statement and study of each erratum that another study shows."""


def errata() -> list[Erratum]:
    """Return all errata, in the order of the courses. Takes about a second."""
    courses = course_a, course_b, course_c, course_d, course_e
    return [erratum for course in courses for erratum in course.errata()]
