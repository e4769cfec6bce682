"""The launcher's commands."""
