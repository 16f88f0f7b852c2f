"""The training loop: a compiled Keras model and arrays come in, every loss comes out.

`fitting` has `fit`, which runs whole epochs as one compiled program; `backends` holds that program,
once for each backend of Keras. Nothing here knows of configs, records or files.
"""
