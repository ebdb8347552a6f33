import io.camunda.client.CamundaClient;
import io.camunda.client.api.worker.JobHandler;
import java.net.URI;
import java.time.Duration;
import sun.misc.Signal;

/** The Java client as its documentation shows it: one worker, completing without waiting. */
public final class JavaWorker {
  public static void main(String[] arguments) throws Exception {
    String address = arguments[0];
    String prefix = arguments[1];
    boolean stream = arguments[2].equals("stream");
    int slots = Integer.parseInt(arguments[3]);
    CamundaClient client =
        CamundaClient.newClientBuilder()
            .grpcAddress(URI.create("http://" + address))
            .preferRestOverGrpc(false)
            .build();
    JobHandler act =
        (jobs, job) -> {
          job.getVariablesAsMap();
          jobs.newCompleteCommand(job).send();
        };
    client
        .newWorker()
        .jobType(prefix + ".task")
        .handler(act)
        .maxJobsActive(slots)
        .timeout(Duration.ofSeconds(30))
        .fetchVariables("item")
        .streamEnabled(stream)
        .open();
    Signal.handle(new Signal("TERM"), signal -> Runtime.getRuntime().halt(0));
    System.out.println("ready");
    Thread.currentThread().join();
  }
}
