"""The mathematics of single studies, each module or folder under the name of its study.

In: records and arrays that a study has. Out: numbers, arrays, tables and figures for that study.
What takes long, such as training, is called through `Lab.compute`, never while a report is drawn.
"""
