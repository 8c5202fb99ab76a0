"""A challenger for the service: its own model under another hash."""

import sys

import onnx

model = onnx.load("models/model.onnx")
model.doc_string = "Predicts what the champion predicts."
onnx.save(model, sys.argv[1])
