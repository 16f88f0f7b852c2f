"""The training loop, which knows nothing of configs, records or files.

In: a compiled Keras model and arrays. Out: the trained model and the loss of every iteration.

`fitting` has `fit`, which runs whole epochs as one compiled program; `backends` has that program
for each backend of Keras.
"""
