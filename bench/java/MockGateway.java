import io.camunda.zeebe.gateway.protocol.GatewayGrpc;
import io.camunda.zeebe.gateway.protocol.GatewayOuterClass.*;
import io.grpc.Server;
import io.grpc.netty.NettyServerBuilder;
import io.grpc.stub.StreamObserver;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.net.InetSocketAddress;
import java.util.concurrent.atomic.AtomicLong;

/** A gateway that always has as many jobs as are asked for. Each line read is answered with the jobs completed. */
public final class MockGateway extends GatewayGrpc.GatewayImplBase {
  private final AtomicLong keys = new AtomicLong();
  private final AtomicLong completed = new AtomicLong();

  public static void main(String[] arguments) throws Exception {
    MockGateway gateway = new MockGateway();
    InetSocketAddress loopback = new InetSocketAddress("127.0.0.1", 0);
    Server server = NettyServerBuilder.forAddress(loopback).directExecutor().addService(gateway).build().start();
    System.out.println(server.getPort());
    BufferedReader asked = new BufferedReader(new InputStreamReader(System.in));
    while (asked.readLine() != null) {
      System.out.println(gateway.completed.get());
    }
    server.shutdownNow();
  }

  @Override
  public void activateJobs(ActivateJobsRequest request, StreamObserver<ActivateJobsResponse> answer) {
    if (!request.getType().startsWith("mock.")) {
      return; // a long poll for jobs there are none of: the fleet also asks for its listeners'
    }
    ActivateJobsResponse.Builder jobs = ActivateJobsResponse.newBuilder();
    for (int count = 0; count < request.getMaxJobsToActivate(); count++) {
      long key = keys.incrementAndGet();
      jobs.addJobs(
          ActivatedJob.newBuilder()
              .setKey(key)
              .setType(request.getType())
              .setBpmnProcessId("mock")
              .setProcessDefinitionVersion(1)
              .setProcessDefinitionKey(1)
              .setProcessInstanceKey(key)
              .setElementId("task-1")
              .setElementInstanceKey(key)
              .setCustomHeaders("{}")
              .setWorker(request.getWorker())
              .setRetries(3)
              .setDeadline(System.currentTimeMillis() + request.getTimeout())
              .setVariables("{\"item\":1}")
              .setTenantId("<default>"));
    }
    answer.onNext(jobs.build());
    answer.onCompleted();
  }

  @Override
  public void streamActivatedJobs(StreamActivatedJobsRequest request, StreamObserver<ActivatedJob> answer) {
    // It stays open and silent: a stream has no end of jobs to choose from, and no bound on what it pushes.
  }

  @Override
  public void completeJob(CompleteJobRequest request, StreamObserver<CompleteJobResponse> answer) {
    completed.incrementAndGet();
    answer.onNext(CompleteJobResponse.getDefaultInstance());
    answer.onCompleted();
  }
}
