"""Small data sets that ship or are drawn from a seed; every loader returns numpy arrays.

- people: ten people's weights and heights, the ten rows of the text this project retells.
- toy: points in the plane, drawn from a seed. Shapes and constants of circle, xor, gauss, spiral, plane and gauss_field
  are those of TensorFlow Playground (src/dataset.ts, Apache-2.0, © Google), written anew in numpy; moons after
  scikit-learn's ``make_moons`` (BSD-3-Clause).
- fashion: a slice of Fashion-MNIST (MIT, © Zalando SE); see its header.
- emoji: 1,410 pictures with Korean and English names (Fluent emoji and emojibase, both MIT); see emoji.md.
"""
