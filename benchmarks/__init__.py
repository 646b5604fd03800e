"""What ``make bench`` runs: every figure next to what it is compared with, in one run, as a ratio with its budget.

A suite is a module with ``figures(figure)``, which yields what it has measured; every module of this folder that has
one is run. Names for the Chinese page stand in ``names.zh.toml``.
"""
