"""Registers the devices that a batch's statuses and infos speak of, and refuses those beyond the limits."""

import asyncpg

from bridge.decode import decode
from bridge.record import Refusal
from bridge.store.registry import Registry
from bridge.store.sorted import Sorted


async def admit(connection: asyncpg.Connection, registry: Registry, batch: Sorted) -> Sorted:
    """The batch with statuses and infos of known devices only; a message about another has become a refusal."""
    unknown = [device for device in (*batch.statuses, *batch.infos) if device not in registry.known]
    if not unknown:
        return batch
    names = await registry.learn(connection, {(device, ""): None for device in unknown})
    if not names:
        return batch
    refused = {device: refusal for (device, _), refusal in names.items()}
    return batch._replace(
        statuses={device: online for device, online in batch.statuses.items() if device not in refused},
        infos={device: info for device, info in batch.infos.items() if device not in refused},
        refusals=[*batch.refusals, *_refusals(batch, refused)],
    )


def _refusals(batch: Sorted, refused: dict[str, Refusal]) -> list[tuple[int, Refusal]]:
    """Which messages they came with is read again: it is asked for in a flood of invented devices only."""
    found: list[tuple[int, Refusal]] = []
    for index, message in enumerate(batch.messages):
        alone = decode([message])
        found += [(index, refused[device]) for device in (*alone.statuses, *alone.infos) if device in refused]
    return found
