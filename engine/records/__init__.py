"""What happens in the engine, as records with Camunda's names: for tests, for coverage, for people who watch.

An event of the core says what changes and no more. What a record says besides (element, process, worker) is read from
the state in the moment of the event, and only while somebody listens; records leave when their events are synced.

    values      what a record says of an instance, a job, a timer …
    makers      which records an event makes
    recorder    collects them, turn by turn
    feed        the last ones, and those who follow
    file        JSON lines

They hold the values of variables, as Camunda's records do.

Source: https://docs.camunda.io/docs/self-managed/concepts/exporters/; the names are those that exporters are given, see
https://github.com/hauptmedia/zeebe-exporter-types
"""

from zeebe_fleet.engine.records.feed import Feed, Follower, TooMany
from zeebe_fleet.engine.records.file import RecordsFile
from zeebe_fleet.engine.records.recorder import Record, Recorder

__all__ = ["Feed", "Follower", "Record", "Recorder", "RecordsFile", "TooMany"]
