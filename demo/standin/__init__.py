"""A Gmail stand-in: real HTTP, Google's OAuth and API as they are met by a program, and faults on demand."""

from demo.standin.client import Client, ControlError
from demo.standin.command import main
from demo.standin.server import StandIn
from demo.standin.world import Options

__all__ = ["Client", "ControlError", "Options", "StandIn", "main"]
