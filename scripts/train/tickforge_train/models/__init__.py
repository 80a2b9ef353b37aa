"""Learners: each is fitted on rows of features, answers with probabilities, and turns into an ONNX graph."""
