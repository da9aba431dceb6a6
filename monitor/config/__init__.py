"""monitor.toml: from TOML to frozen settings, with every problem told at once.

Importing this package is cheap: pydantic is loaded only when a file is read or the schema is written.
"""

from monitor.config.loading import find_config, load, parse
from monitor.config.schema import json_schema
from monitor.config.showing import show

__all__ = ["find_config", "json_schema", "load", "parse", "show"]
