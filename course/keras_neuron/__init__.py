"""Unit 8: one neuron in Keras, its initializers, its gradients, its probability."""
