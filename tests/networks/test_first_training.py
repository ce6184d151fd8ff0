"""The trainings ahead of a reader's first: nothing a reader sees may differ from a day without."""

import random
import re
from threading import Event, Thread

import numpy as np
import pytest

from prunelab import networks
from prunelab.experiments import data
from prunelab.networks import tf_keras
from prunelab.networks.backend import tensorflow as tf
from prunelab.networks.first_training import warm_up
from prunelab.schedules import PolynomialDecay

ROWS = data.twin(seed=0)
RAMP = PolynomialDecay(0.0, 0.5, begin_step=0, end_step=8, frequency=2)


@pytest.fixture(autouse=True)
def no_seed_left():
    """tf.random's seed is the process's: other tests must not find ours."""
    yield
    tf.random.set_seed(None)


def drawn():
    """What Python, NumPy, TensorFlow and an initializer without a seed draw next."""
    layer = tf_keras.layers.Dense(3, name="not_counted")
    layer.build((2,))
    numbers = random.random(), np.random.rand(), float(tf.random.normal(()))
    return (*numbers, *layer.kernel.numpy().ravel().tolist())


def next_numbers():
    """The numbers that Keras puts to the names of layers and models that have none: dense_3."""
    made = tf_keras.layers.Dense(1), tf_keras.Sequential(), tf_keras.layers.ReLU()
    names = [each.name for each in made] + [tf_keras.Input((1,)).node.layer.name]
    return [int((re.search(r"_(\d+)$", name) or [0, 0])[1]) for name in names]


def test_no_random_number_is_drawn():
    tf_keras.utils.set_random_seed(7)
    wanted = drawn()
    tf_keras.utils.set_random_seed(7)
    warm_up()
    assert drawn() == wanted
    assert drawn() != wanted  # so they would tell


def test_keras_counts_no_name_of_it():
    next_numbers()  # the first dense and the first sequential have no number
    before = next_numbers()
    warm_up()
    assert next_numbers() == [number + 1 for number in before]


def trained():
    """Losses and weights of a short training, by `train` and by Keras' own shuffled `fit`."""
    tf_keras.utils.set_random_seed(3)
    net = networks.build(n_features=125, hidden=(8,), seed=0)
    history = networks.train(net, ROWS, epochs=2, batch_size=128, seed=0)
    pruned = networks.prune(net, RAMP)
    networks.compile(pruned)
    update = [networks.tfmot.sparsity.keras.UpdatePruningStep()]
    free = tf_keras.Sequential([tf_keras.Input((125,)), tf_keras.layers.Dense(1)])
    free.compile("adam", "mse")
    how = {"epochs": 2, "batch_size": 128, "verbose": 0}
    pruned.fit(ROWS.x_train, ROWS.y_train, callbacks=update, **how)
    free.fit(ROWS.x_train, ROWS.y_train, **how)
    return history.loss, [*net.get_weights(), *pruned.get_weights(), *free.get_weights()]


def test_a_training_beside_it_has_the_same_bits():
    """The reader's cell may train while the background does, at any moment."""
    losses, weights = trained()
    over, times, failed = Event(), [], []

    def again_and_again():
        while not (over.is_set() or failed):
            try:
                warm_up()
                times.append(1)
            except Exception as error:
                failed.append(error)

    thread = Thread(target=again_and_again)
    thread.start()
    try:
        beside = [trained() for _ in range(2)]
    finally:
        over.set()
        thread.join()
    assert failed == []
    assert len(times) >= 2
    for same_losses, same_weights in beside:
        assert same_losses == losses
        assert all(map(np.array_equal, same_weights, weights))
