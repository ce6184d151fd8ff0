"""Errors of five seeds for which the mean chooses otherwise than what is often put in its place."""

LEAST = (0.7, 1.3, 1.0, 1.25, 0.75)  # its mean, 1, is the least in each of the groups below
# In each group the means are larger than 1, by a percent at least; what is smaller in them than in
# LEAST is what the group is called after.
RIVALS = {
    "the largest error": [(1.1, 1.15, 1.1, 1.1, 1.15)],
    "the mean of logarithms": [(1.25, 0.3, 1.3, 1.2, 1.0)],
    "the middle of least and largest": [(1.25, 1.3, 1.28, 1.29, 0.6)],
    "the mean of squares": [(1.02, 1.01, 1.02, 1.01, 1.015)],
    "the median": [(1.5, 0.9, 1.5, 0.9, 0.9)],
    "the last error": [(1.2, 1.25, 1.2, 1.22, 0.72)],
    "the error of one seed": [
        tuple(0.65 if at == lucky else 1.2 for at in range(5)) for lucky in range(5)
    ],
    "the mean without the last": [(0.9, 0.9, 0.9, 0.9, 1.6)],
    "the mean without one": [
        tuple(1.6 if at == unlucky else 0.9 for at in range(5)) for unlucky in range(4)
    ],
}
