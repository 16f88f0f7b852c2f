"""Where records are kept: a cache of single runs, archives of many, and the failures of runs.

Records come in and go out unchanged; damage is noticed, and every file is written whole or not at
all.
"""
