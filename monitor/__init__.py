"""gpu-stock-monitor: tells you the moment a watched GPU spec is back in stock."""

__version__ = "0.1.0"
