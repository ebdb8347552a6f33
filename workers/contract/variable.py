"""The name of a process variable, where it is not that of the parameter."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Variable:
    """Names the process variable that a parameter reads.

    Args:
        name: as the process has it; any text.

    Example:
        ```python
        @task("orders.ship")
        async def ship(order: Annotated[str, Variable("order-id")]) -> None: ...
        ```
    """

    name: str
