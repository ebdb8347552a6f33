package zeebefleet.exporter;

import io.camunda.zeebe.exporter.api.Exporter;
import io.camunda.zeebe.exporter.api.context.Context;
import io.camunda.zeebe.exporter.api.context.Controller;
import io.camunda.zeebe.protocol.record.Record;
import io.camunda.zeebe.protocol.record.RecordType;
import io.camunda.zeebe.protocol.record.ValueType;
import io.camunda.zeebe.protocol.record.intent.IncidentIntent;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/** Appends every created and every resolved incident to a file, as the engine's own JSON, one to a line. */
public final class IncidentExporter implements Exporter {
  private Path file;
  private Controller controller;
  private FileChannel out;

  @Override
  public void configure(Context context) {
    file = Path.of((String) context.getConfiguration().getArguments().get("file"));
    context.setFilter(new OnlyIncidents());
  }

  @Override
  public void open(Controller opened) {
    controller = opened;
    try {
      out = FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** What it throws makes the engine hand over the same record again, until it is written. */
  @Override
  public void export(Record<?> record) {
    if (record.getIntent() == IncidentIntent.CREATED || record.getIntent() == IncidentIntent.RESOLVED) {
      append(record.toJson() + "\n");
    }
    controller.updateLastExportedRecordPosition(record.getPosition());
  }

  @Override
  public void close() {
    try {
      if (out != null) {
        out.close();
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private void append(String line) {
    try {
      ByteBuffer bytes = ByteBuffer.wrap(line.getBytes(StandardCharsets.UTF_8));
      while (bytes.hasRemaining()) {
        out.write(bytes);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static final class OnlyIncidents implements Context.RecordFilter {
    @Override
    public boolean acceptType(RecordType type) {
      return type == RecordType.EVENT;
    }

    @Override
    public boolean acceptValue(ValueType type) {
      return type == ValueType.INCIDENT;
    }
  }
}
