"""The mathematics of single studies, each module or folder under the name of its study.

In: records and arrays that a study has. Out: numbers, arrays, tables and figures for that study
alone. Nothing here is shared by studies, and nothing here trains while a report is drawn.
"""
