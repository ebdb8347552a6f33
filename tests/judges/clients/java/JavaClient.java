import io.camunda.client.CamundaClient;
import io.camunda.client.api.command.ProblemException;
import io.camunda.client.api.response.ActivatedJob;
import io.camunda.client.api.search.enums.ProcessInstanceState;
import io.camunda.client.api.search.enums.UserTaskState;
import io.camunda.client.api.search.response.ElementInstance;
import io.camunda.client.api.worker.JobWorker;
import java.net.URI;
import java.time.Duration;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/** Camunda's client for Java, told where the engine is; says of every case how it went. */
public final class JavaClient {
  private static final String TYPE = "judged-work";
  private static final Duration POLL = Duration.ofMillis(300);

  private final CamundaClient client;
  private final String folder;
  private final String address;
  private final String grpc;
  private long instance;

  private JavaClient(CamundaClient client, String folder, String address, String grpc) {
    this.client = client;
    this.folder = folder;
    this.address = address;
    this.grpc = grpc;
  }

  public static void main(String[] arguments) throws Exception {
    String version = CamundaClient.class.getPackage().getImplementationVersion();
    System.out.println("client camunda-client-java " + version);
    ExecutorService runner = Executors.newCachedThreadPool();
    try (CamundaClient client = client(arguments[0], arguments[2], true)) {
      JavaClient judge = new JavaClient(client, arguments[1], arguments[0], arguments[2]);
      for (Map.Entry<String, Case> one : judge.cases().entrySet()) {
        try {
          runner.submit(() -> run(one.getValue())).get(15, TimeUnit.SECONDS);
          System.out.println("works " + one.getKey());
        } catch (Exception wrong) {
          wrong.printStackTrace();
          String why = String.valueOf(wrong.getCause() == null ? wrong : wrong.getCause()).replaceAll("\\s+", " ");
          System.out.println("breaks " + one.getKey() + " " + why.substring(0, Math.min(300, why.length())));
        }
      }
    }
    runner.shutdownNow();
  }

  private static CamundaClient client(String address, String grpc, boolean rest) {
    return CamundaClient.newClientBuilder()
        .restAddress(URI.create(address))
        .grpcAddress(URI.create("http://" + grpc))
        .preferRestOverGrpc(rest)
        .build();
  }

  private interface Case {
    void run() throws Exception;
  }

  private static Object run(Case one) throws Exception {
    one.run();
    return null;
  }

  private Map<String, Case> cases() {
    Map<String, Case> cases = new LinkedHashMap<>();
    cases.put("topology", this::topology);
    cases.put("deployment", this::deployment);
    cases.put("start", () -> instance = begun("first", "judged"));
    cases.put("worker", () -> works(false));
    cases.put("message", () -> pays("first"));
    cases.put("user_task", this::userTask);
    cases.put("search", this::search);
    cases.put("incident", this::incident);
    cases.put("error", this::error);
    cases.put("variables", this::variables);
    cases.put("cancellation", this::cancellation);
    cases.put("decision", this::decision);
    cases.put("grpc", this::streams);
    cases.put("refusal", this::refusal);
    return cases;
  }

  private void topology() {
    var found = client.newTopologyRequest().send().join();
    same(found.getGatewayVersion().substring(0, 3), "8.9");
    same(found.getBrokers().get(0).getPartitions().get(0).isLeader(), true);
  }

  private void deployment() {
    var deployed =
        client
            .newDeployResourceCommand()
            .addResourceFile(folder + "/judged.bpmn")
            .addResourceFile(folder + "/judged.dmn")
            .send()
            .join();
    same(deployed.getProcesses().get(0).getBpmnProcessId(), "judged");
    same(deployed.getDecisions().get(0).getDmnDecisionId(), "judged-discount");
    long key = deployed.getProcesses().get(0).getProcessDefinitionKey();
    same(client.newProcessDefinitionGetRequest(key).send().join().getResourceName(), folder + "/judged.bpmn");
    same(client.newProcessDefinitionGetXmlRequest(key).send().join().contains(TYPE), true);
  }

  private void works(boolean streams) throws Exception {
    BlockingQueue<ActivatedJob> heard = new LinkedBlockingQueue<>();
    JobWorker worker =
        client
            .newWorker()
            .jobType(TYPE)
            .handler(
                (jobs, job) -> {
                  heard.add(job);
                  jobs.newCompleteCommand(job).variables(Map.of("worked", true)).send().join();
                })
            .timeout(Duration.ofSeconds(30))
            .requestTimeout(POLL)
            .streamEnabled(streams)
            .open();
    try (worker) {
      ActivatedJob job = heard.take();
      same(job.getProcessInstanceKey(), instance);
      same(job.getCustomHeaders(), Map.of("kind", "plain"));
      same(job.getRetries(), 3);
      untilAt("pay");
    }
    Thread.sleep(2 * POLL.toMillis()); // a closed worker still does what its last poll brings
  }

  private void pays(String order) throws Exception {
    client
        .newPublishMessageCommand()
        .messageName("judged-paid")
        .correlationKey(order)
        .timeToLive(Duration.ofSeconds(1))
        .variables(Map.of("paid", 42))
        .send()
        .join();
    untilAt("review");
  }

  private void userTask() {
    var task =
        client
            .newUserTaskSearchRequest()
            .filter(f -> f.state(UserTaskState.CREATED).candidateGroup("reviewers").processInstanceKey(instance))
            .send()
            .join()
            .singleItem();
    same(List.of(task.getName(), task.getPriority(), task.getDueDate().getYear()), List.of("Review", 70, 2030));
    client.newAssignUserTaskCommand(task.getUserTaskKey()).assignee("ada").send().join();
    same(client.newUserTaskGetRequest(task.getUserTaskKey()).send().join().getAssignee(), "ada");
    client.newCompleteUserTaskCommand(task.getUserTaskKey()).variables(Map.of("approved", true)).send().join();
  }

  private void search() {
    var ended =
        client
            .newProcessInstanceSearchRequest()
            .filter(f -> f.processInstanceKey(instance).state(ProcessInstanceState.COMPLETED))
            .send()
            .join()
            .singleItem();
    same(ended.getEndDate().isBefore(ended.getStartDate()), false);
    Map<String, String> expected = Map.of("order", "\"first\"", "worked", "true", "paid", "42", "approved", "true");
    same(known(), new TreeMap<>(expected));
    same(elements().containsAll(Set.of("start", "work", "pay", "review", "end")), true);
  }

  private void incident() throws Exception {
    instance = begun("second", "judged");
    long job = job().getKey();
    client.newFailCommand(job).retries(0).errorMessage("Out of paper").send().join();
    var incident =
        client.newIncidentSearchRequest().filter(f -> f.processInstanceKey(instance)).send().join().singleItem();
    same(incident.getErrorMessage(), "Out of paper");
    same(incident.getErrorType().name(), "JOB_NO_RETRIES");
    client.newUpdateRetriesCommand(job).retries(1).send().join();
    client.newResolveIncidentCommand(incident.getIncidentKey()).send().join();
    client.newCompleteCommand(job()).send().join();
    untilAt("pay");
  }

  private void error() throws Exception {
    instance = begun("third", "judged");
    client.newThrowErrorCommand(job()).errorCode("REFUSED").send().join();
    untilAt("turned-away");
  }

  private void variables() {
    instance = begun("fourth", "judged");
    client.newSetVariablesCommand(instance).variables(Map.of("told", List.of("a", 1))).send().join();
    same(known().get("told"), "[\"a\",1]");
  }

  private void cancellation() {
    client.newCancelInstanceCommand(instance).send().join();
    same(client.newProcessInstanceGetRequest(instance).send().join().getState(), ProcessInstanceState.TERMINATED);
  }

  private void decision() {
    var found =
        client
            .newEvaluateDecisionCommand()
            .decisionId("judged-discount")
            .variables(Map.of("amount", 250))
            .send()
            .join();
    same(found.getDecisionOutput(), "15");
    same(found.getEvaluatedDecisions().get(0).getMatchedRules().get(0).getRuleId(), "large");
  }

  private void streams() throws Exception {
    try (CamundaClient overGrpc = client(address, grpc, false)) {
      JavaClient judge = new JavaClient(overGrpc, folder, address, grpc);
      same(overGrpc.newTopologyRequest().send().join().getClusterSize(), 1);
      overGrpc.newDeployResourceCommand().addResourceFile(folder + "/judged.bpmn").send().join();
      judge.instance = judge.begun("sixth", "judged");
      judge.works(true);
      judge.pays("sixth");
      overGrpc.newCancelInstanceCommand(judge.instance).send().join();
    }
  }

  private void refusal() {
    try {
      begun("fifth", "nobody-knows");
    } catch (ProblemException refused) {
      same(refused.code(), 404);
      same(refused.details().getDetail().contains("nobody-knows"), true);
      return;
    }
    throw new AssertionError("an unknown process was started");
  }

  private long begun(String order, String process) {
    var begun = client.newCreateInstanceCommand().bpmnProcessId(process).latestVersion();
    return begun.variables(Map.of("order", order)).send().join().getProcessInstanceKey();
  }

  private ActivatedJob job() {
    var jobs = client.newActivateJobsCommand().jobType(TYPE).maxJobsToActivate(1).send().join().getJobs();
    same(jobs.size(), 1);
    same(jobs.get(0).getProcessInstanceKey(), instance);
    return jobs.get(0);
  }

  private Set<String> elements() {
    Set<String> found = new HashSet<>();
    for (ElementInstance one :
        client.newElementInstanceSearchRequest().filter(f -> f.processInstanceKey(instance)).send().join().items()) {
      found.add(one.getElementId());
    }
    return found;
  }

  private void untilAt(String element) throws InterruptedException {
    while (!elements().contains(element)) {
      Thread.sleep(20);
    }
  }

  private Map<String, String> known() {
    Map<String, String> found = new TreeMap<>();
    client
        .newVariableSearchRequest()
        .filter(f -> f.processInstanceKey(instance))
        .send()
        .join()
        .items()
        .forEach(one -> found.put(one.getName(), one.getValue()));
    return found;
  }

  private static void same(Object found, Object expected) {
    if (!Objects.equals(found, expected)) {
      throw new AssertionError(found + " instead of " + expected);
    }
  }
}
