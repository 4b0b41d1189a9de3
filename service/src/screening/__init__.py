"""Screening: a reference ML service that says how likely a breast tumour is malignant.

The map, in the order in which data flows:

- ``schema`` what a table must look like, ``features`` the row a model sees, in training
  and in serving
- ``dataset`` writes the data, ``table`` reads it, ``validate`` refuses what is wrong with it
- ``split``, ``fit``, ``evaluate``, ``card``: the steps that ``train`` puts in a row
- ``compare`` measures the last released model on the rows that the new one is judged by
- ``store`` saves a model as reproducible bytes, and loads only what it can verify
- ``bundle`` what is served, ``schemas`` what a client may send, ``app`` the HTTP service,
  ``__main__`` its process

Importing the package pins the number of threads and the kind of BLAS kernel, because both are read
from the environment once, when numpy is imported; this is the only code sure to run before that.
Values that are already set win.
"""

import os
import platform

__version__ = "1.0.0"

# Sums over several threads add up in an order of their own each run; one thread adds up in one
# order.
_PINNED = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "JOBLIB_MULTIPROCESSING": "0"}
# OpenBLAS picks its kernels by CPU, and kernels differ in the last digit. These run on every
# machine of the kind.
_KERNELS = {"x86_64": "Haswell", "aarch64": "ARMV8"}


def _pin() -> None:
    for name, value in _PINNED.items():
        os.environ.setdefault(name, value)
    if kernel := _KERNELS.get(platform.machine()):
        os.environ.setdefault("OPENBLAS_CORETYPE", kernel)


_pin()
