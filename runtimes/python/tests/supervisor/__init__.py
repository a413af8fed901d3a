"""Plays the supervisor: starts a zygote without walls, forks workers from it and speaks frames with them."""

from .worker import End, Worker
from .zygote import Zygote

__all__ = ["End", "Worker", "Zygote"]
