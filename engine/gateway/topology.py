"""A cluster of one broker, whose one partition it leads."""

from __future__ import annotations

from typing import Any

from zeebe_fleet.engine.gateway.stubs import pb
from zeebe_fleet.engine.version import Version

PARTITION = 1


def topology(version: Version, host: str, port: int) -> Any:
    """Return what the gateway says of its cluster."""
    partition = pb.Partition(partitionId=PARTITION, role=pb.Partition.LEADER, health=pb.Partition.HEALTHY)
    broker = pb.BrokerInfo(nodeId=0, host=host, port=port, partitions=[partition], version=version.gateway)
    return pb.TopologyResponse(
        brokers=[broker], clusterSize=1, partitionsCount=1, replicationFactor=1, gatewayVersion=version.gateway
    )
