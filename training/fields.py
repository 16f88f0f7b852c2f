"""Fields of a config: what each one may be, its default, and what it means."""

import dataclasses
import inspect
import math
import textwrap
from collections.abc import Callable, Collection, Mapping
from typing import Any, TypeVar

ConfigClass = TypeVar("ConfigClass", bound=type)

Reader = Callable[[str, Any], Any]
"""Function of a field's name and value: the value as a config keeps it, or a `ConfigError`."""


class ConfigError(ValueError):
    """A config that no run can have; the message says what is allowed."""


def field(default: Any, read: Reader, meaning: str) -> Any:
    """A field of a config.

    Args:
        default: the value if none is given; a field whose default is None may be None.
        read: checks a value and converts it, for instance a list, as JSON has it, to a tuple.
        meaning: for the docstring of the config.
    """
    return dataclasses.field(default=default, metadata={"read": read, "meaning": meaning})


def option(defaults: Mapping[str, Any], read: Reader, meaning: str) -> Any:
    """A field that is an argument of the builders of some models.

    None, its default, stands for the builder's own default.

    Args:
        defaults: model → the default of the argument in the model's builder.
        read: as for `field`.
        meaning: as for `field`; the docstring gains the defaults.
    """
    metadata = {"read": read, "meaning": meaning, "defaults": dict(defaults)}
    return dataclasses.field(default=None, metadata=metadata)


def options(config_class: type) -> dict[str, dict[str, Any]]:
    """The options of a dataclass: name → (model → the default of the argument in its builder)."""
    return {
        field.name: field.metadata["defaults"]
        for field in dataclasses.fields(config_class)
        if "defaults" in field.metadata
    }


def read_fields(config: Any) -> None:
    """Check each field of a config by itself, and convert its value.

    Raises:
        ConfigError: for the first value that is not allowed.
    """
    for field in dataclasses.fields(config):
        value = getattr(config, field.name)
        if value is not None or field.default is not None:
            object.__setattr__(config, field.name, field.metadata["read"](field.name, value))


def documented(config_class: ConfigClass) -> ConfigClass:
    """Add the meaning of each field to the docstring of a dataclass."""
    lines = [inspect.cleandoc(config_class.__doc__ or ""), "", "Attributes:"]
    for field in dataclasses.fields(config_class):
        text = f"{field.name}: {field.metadata['meaning']}{_defaults_in_words(field)}"
        lines += textwrap.wrap(text, 96, initial_indent=" " * 4, subsequent_indent=" " * 8)
    config_class.__doc__ = "\n".join(lines)
    return config_class


def _defaults_in_words(field):
    if "defaults" not in field.metadata:
        return "" if field.default is None else f" Defaults to {_code(field.default)}."
    models = {}
    for model, default in field.metadata["defaults"].items():
        if default is not None:
            models.setdefault(_code(default), []).append(model)
    defaults = [f"{default} for {', '.join(names)}" for default, names in models.items()]
    return f" Defaults to {'; '.join(defaults)}." if defaults else ""


def _code(value):
    return f'"{value}"' if isinstance(value, str) else repr(value)


def one_of(allowed: Collection[str]) -> Reader:
    """A reader of one of several names."""

    def read(name, value):
        if not isinstance(value, str) or value not in allowed:
            raise ConfigError(f"unknown {name} {value!r}; choose from {', '.join(allowed)}")
        return value

    return read


def several_of(allowed: Collection[str]) -> Reader:
    """A reader of a list of different names."""
    read_one = one_of(allowed)

    def read(name, values):
        if not isinstance(values, list | tuple):
            raise ConfigError(f"{name} must be a list of names, not {values!r}")
        names = tuple(read_one(name, value) for value in values)
        if len(set(names)) < len(names):
            raise ConfigError(f"{name} names one twice: {', '.join(names)}")
        return names

    return read


def whole_number(least: int) -> Reader:
    """A reader of a whole number, `least` or greater."""

    def read(name, value):
        if isinstance(value, bool) or not isinstance(value, int) or value < least:
            raise ConfigError(f"{name} must be a whole number of at least {least}, not {value!r}")
        return value

    return read


def number(below: float = math.inf) -> Reader:
    """A reader of a number of at least 0 and less than `below`."""
    allowed = "of at least 0" if below == math.inf else f"in [0, {below})"

    def read(name, value):
        value = _as_float(value)
        if not (isinstance(value, float) and 0 <= value < below):
            raise ConfigError(f"{name} must be a number {allowed}, not {value!r}")
        return value

    return read


def positive_number(name: str, value: Any) -> float:
    """Read a number greater than 0."""
    value = _as_float(value)
    if not (isinstance(value, float) and 0 < value < math.inf):
        raise ConfigError(f"{name} must be a number greater than 0, not {value!r}")
    return value


def _as_float(value):
    """Convert a whole number, so that 1 and 1.0 are the same; leave everything else."""
    try:
        return float(value) if type(value) is int else value
    except OverflowError:
        return math.inf


def truth_value(name: str, value: Any) -> bool:
    """Read true or false."""
    if not isinstance(value, bool):
        raise ConfigError(f"{name} must be true or false, not {value!r}")
    return value


def text(name: str, value: Any) -> str:
    """Read a text."""
    if not isinstance(value, str):
        raise ConfigError(f"{name} must be a text, not {value!r}")
    return value


def sizes(name: str, values: Any) -> tuple[int, ...]:
    """Read a list of whole numbers greater than 0."""
    if not isinstance(values, list | tuple):
        raise ConfigError(f"{name} must be a list of whole numbers, not {values!r}")
    return tuple(whole_number(least=1)(name, value) for value in values)


def named_values(name: str, values: Any) -> tuple[tuple[str, Any], ...]:
    """Read a list of pairs of a name and a value."""
    if not isinstance(values, list | tuple):
        raise ConfigError(f"{name} must be a list of pairs, not {values!r}")
    return tuple(_named_value(name, pair) for pair in values)


def _named_value(name, pair):
    match pair:
        case [str(), str() | bool() | int() | float()]:
            return tuple(pair)
    raise ConfigError(
        f"{name} must be pairs of a name and a text, truth value or number, not {pair!r}"
    )
