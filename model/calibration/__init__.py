"""Quantising with the help of a text: what each layer reads decides which errors matter.

`stream.py` runs the model over the text, one operation at a time over all of its segments, so that memory
holds the activations of one place in the model and one matrix. `feedback.py` quantises a matrix for the
inputs that it was seen to read. `calibrated.py` joins them to the packing: it keeps the codes on disk until
they are packed.
"""
