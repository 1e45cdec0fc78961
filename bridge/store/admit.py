"""Registers the devices that a batch's statuses and infos speak of, and refuses those beyond the limits."""

import asyncpg

from bridge.decode import Decoded, decode
from bridge.record import Refusal
from bridge.store.registry import Registry


async def admit(connection: asyncpg.Connection, registry: Registry, decoded: Decoded) -> Decoded:
    """The batch with statuses and infos of known devices only; a message about another has become a refusal."""
    unknown = [device for device in (*decoded.statuses, *decoded.infos) if device not in registry.known]
    if not unknown:
        return decoded
    names = await registry.learn(connection, {(device, ""): None for device in unknown})
    if not names:
        return decoded
    refused = {device: refusal for (device, _), refusal in names.items()}
    return decoded._replace(
        statuses={device: online for device, online in decoded.statuses.items() if device not in refused},
        infos={device: info for device, info in decoded.infos.items() if device not in refused},
        refusals=[*decoded.refusals, *_refusals(decoded, refused)],
    )


def _refusals(decoded: Decoded, refused: dict[str, Refusal]) -> list[tuple[int, Refusal]]:
    """Which messages they came with is read again: it is asked for in a flood of invented devices only."""
    found: list[tuple[int, Refusal]] = []
    for index, message in enumerate(decoded.messages):
        alone = decode([message])
        found += [(index, refused[device]) for device in (*alone.statuses, *alone.infos) if device in refused]
    return found
