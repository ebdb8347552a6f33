// Camunda's older client for Node (`@camunda8/sdk`): its REST client, and its worker over gRPC.
import { equal, judge, until, version } from './judging.mjs';
import sdk from '@camunda8/sdk';

const [address, folder, grpc] = process.argv.slice(2);
const camunda = new sdk.Camunda8({
  CAMUNDA_AUTH_STRATEGY: 'NONE',
  ZEEBE_REST_ADDRESS: address,
  ZEEBE_GRPC_ADDRESS: `grpc://${grpc}`,
  CAMUNDA_LOG_LEVEL: 'none',
});
const client = camunda.getCamundaRestClient();
const type = 'judged-work';
const sort = [{ field: 'processInstanceKey' }];
let instance;

const begin = async (order, processDefinitionId = 'judged') =>
  (await client.createProcessInstance({ processDefinitionId, variables: { order } })).processInstanceKey;
const ofInstance = () => ({ sort, filter: { processInstanceKey: instance } });
const elements = async () =>
  (await client.searchElementInstances({ filter: { processInstanceKey: instance } })).items.map((one) => one.elementId);
const untilAt = (element) => until(async () => (await elements()).includes(element));
const variables = async () => {
  const found = await client.searchVariables(ofInstance());
  return Object.fromEntries(found.items.map((one) => [one.name, one.value]));
};
const take = async () => {
  const jobs = await client.activateJobs({ type, worker: 'judge', timeout: 30_000, maxJobsToActivate: 1 });
  equal(jobs.map((one) => one.processInstanceKey), [instance]);
  return jobs[0];
};

await judge(version('@camunda8/sdk'), {
  async topology() {
    equal((await client.getTopology()).gatewayVersion.slice(0, 3), '8.9');
  },
  async deployment() {
    const deployed = await client.deployResourcesFromFiles([`${folder}/judged.bpmn`, `${folder}/judged.dmn`]);
    equal(deployed.processes.map((one) => one.processDefinitionId), ['judged']);
    equal(deployed.decisions.map((one) => one.decisionDefinitionId), ['judged-discount']);
    const key = deployed.processes[0].processDefinitionKey;
    equal((await client.getProcessDefinition(key)).resourceName, 'judged.bpmn');
    equal(/judged-work/.test(await client.getProcessDefinitionXML(key)), true);
  },
  async start() {
    instance = await begin('first');
  },
  async worker() {
    let heard;
    const worker = client.createJobWorker({
      type,
      worker: 'judge',
      maxJobsToActivate: 1,
      timeout: 30_000,
      jobHandler: (job) => {
        heard = [{ ...job.variables }, { ...job.customHeaders }, job.retries];
        return job.complete({ worked: true });
      },
    });
    await untilAt('pay');
    equal(heard, [{ order: 'first' }, { kind: 'plain' }, 3]);
    await worker.stop();
  },
  async message() {
    await client.publishMessage({
      name: 'judged-paid', correlationKey: 'first', timeToLive: 1_000, variables: { paid: 42 },
    });
    await untilAt('review');
  },
  async user_task() {
    const filter = { state: 'CREATED', candidateGroup: 'reviewers', processInstanceKey: instance };
    const [task] = (await client.searchUserTasks({ filter })).items;
    equal([task.name, task.priority, task.dueDate.slice(0, 4)], ['Review', 70, '2030']);
    const { userTaskKey } = task;
    await client.assignUserTask({ userTaskKey, assignee: 'ada' });
    equal((await client.getUserTask(userTaskKey)).assignee, 'ada');
    await client.completeUserTask({ userTaskKey, variables: { approved: true } });
  },
  async search() {
    const filter = { processInstanceKey: instance, state: 'COMPLETED' };
    const [ended] = (await client.searchProcessInstances({ sort, filter })).items;
    equal(ended.endDate >= ended.startDate, true);
    equal(await variables(), { order: '"first"', worked: 'true', paid: '42', approved: 'true' });
    const found = await elements();
    equal(['start', 'work', 'pay', 'review', 'end'].filter((one) => !found.includes(one)), []);
  },
  async incident() {
    instance = await begin('second');
    const { jobKey } = await take();
    await client.failJob({ jobKey, retries: 0, errorMessage: 'Out of paper' });
    const [incident] = (await client.searchIncidents(ofInstance())).items;
    equal([incident.errorMessage, incident.errorType], ['Out of paper', 'JOB_NO_RETRIES']);
    await client.updateJob({ jobKey, retries: 1 });
    await client.resolveIncident(incident.incidentKey);
    await client.completeJob({ jobKey: (await take()).jobKey, variables: {} });
    await untilAt('pay');
  },
  async error() {
    instance = await begin('third');
    await client.errorJob({ jobKey: (await take()).jobKey, errorCode: 'REFUSED', errorMessage: 'No', variables: {} });
    await untilAt('turned-away');
  },
  async variables() {
    instance = await begin('fourth');
    const told = ['a', 1, null];
    await client.updateElementInstanceVariables({ elementInstanceKey: instance, variables: { told } });
    equal((await variables()).told, '["a",1,null]');
  },
  async cancellation() {
    await client.cancelProcessInstance({ processInstanceKey: instance });
    const [gone] = (await client.searchProcessInstances(ofInstance())).items;
    equal(gone.state, 'TERMINATED');
  },
  async decision() {
    const found = await client.evaluateDecision({
      decisionDefinitionId: 'judged-discount', variables: { amount: 250 },
    });
    equal(found.output, '15');
  },
  async grpc() {
    const zeebe = camunda.getZeebeGrpcApiClient();
    equal((await zeebe.topology()).gatewayVersion.slice(0, 3), '8.9');
    await zeebe.deployResource({ processFilename: `${folder}/judged.bpmn` });
    const begun = await zeebe.createProcessInstance({ bpmnProcessId: 'judged', variables: { order: 'sixth' } });
    instance = begun.processInstanceKey;
    zeebe.createWorker({ taskType: type, taskHandler: (job) => job.complete({ worked: job.variables.order }) });
    await untilAt('pay');
    equal((await variables()).worked, '"sixth"');
    await zeebe.publishMessage({ name: 'judged-paid', correlationKey: 'sixth', timeToLive: 1_000, variables: {} });
    await untilAt('review');
    await zeebe.cancelProcessInstance(instance);
    await zeebe.close();
  },
  async refusal() {
    const refused = await begin('fifth', 'nobody-knows').then(() => undefined, (error) => error);
    equal(/404|NOT_FOUND/.test(String(refused)), true);
  },
});
