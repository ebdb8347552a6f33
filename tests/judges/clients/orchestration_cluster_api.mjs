// Camunda's client for TypeScript (`@camunda8/orchestration-cluster-api`), checking both directions by its schemas.
import createCamundaClient from '@camunda8/orchestration-cluster-api';
import { equal, judge, until, version } from './judging.mjs';

const [address, folder] = process.argv.slice(2);
const client = createCamundaClient({
  config: { CAMUNDA_REST_ADDRESS: address, CAMUNDA_SDK_VALIDATION: 'strict', CAMUNDA_SDK_LOG_LEVEL: 'silent' },
});
const now = { consistency: { waitUpToMs: 0 } };
const jobType = 'judged-work';
let instance;

const begin = async (order, processDefinitionId = 'judged') =>
  (await client.createProcessInstance({ processDefinitionId, variables: { order } })).processInstanceKey;
const ofInstance = () => ({ filter: { processInstanceKey: instance } });
const elements = async () => (await client.searchElementInstances(ofInstance(), now)).items.map((one) => one.elementId);
const untilAt = (element) => until(async () => (await elements()).includes(element));
const variables = async () => {
  const found = await client.searchVariables(ofInstance(), now);
  return Object.fromEntries(found.items.map((one) => [one.name, one.value]));
};
const take = async () => {
  const found = await client.activateJobs({ type: jobType, timeout: 30_000, maxJobsToActivate: 1 });
  equal(found.jobs.map((one) => one.processInstanceKey), [instance]);
  return found.jobs[0];
};

await judge(version('@camunda8/orchestration-cluster-api'), {
  async topology() {
    const found = await client.getTopology();
    equal(found.gatewayVersion.slice(0, 3), '8.9');
    equal(found.brokers[0].partitions[0].role, 'leader');
    await client.getStatus();
  },
  async deployment() {
    const deployed = await client.deployResourcesFromFiles([`${folder}/judged.bpmn`, `${folder}/judged.dmn`]);
    equal(deployed.processes.map((one) => one.processDefinitionId), ['judged']);
    equal(deployed.decisions.map((one) => one.decisionDefinitionId), ['judged-discount']);
    const { processDefinitionKey } = deployed.processes[0];
    equal((await client.getProcessDefinition({ processDefinitionKey }, now)).resourceName, 'judged.bpmn');
    equal(/judged-work/.test(await client.getProcessDefinitionXml({ processDefinitionKey }, now)), true);
  },
  async start() {
    instance = await begin('first');
  },
  async worker() {
    let heard;
    const worker = client.createJobWorker({
      jobType,
      maxParallelJobs: 1,
      jobTimeoutMs: 30_000,
      jobHandler: (job) => {
        heard = [job.variables, job.customHeaders, job.retries];
        return job.complete({ worked: true });
      },
    });
    await untilAt('pay');
    equal(heard, [{ order: 'first' }, { kind: 'plain' }, 3]);
    worker.stop();
  },
  async message() {
    await client.publishMessage({
      name: 'judged-paid', correlationKey: 'first', timeToLive: 1_000, variables: { paid: 42 },
    });
    await untilAt('review');
  },
  async user_task() {
    const filter = { state: 'CREATED', candidateGroup: 'reviewers', processInstanceKey: instance };
    const [task] = (await client.searchUserTasks({ filter }, now)).items;
    equal([task.name, task.assignee, task.priority, task.dueDate.slice(0, 4)], ['Review', null, 70, '2030']);
    const { userTaskKey } = task;
    await client.assignUserTask({ userTaskKey, assignee: 'ada' });
    equal((await client.getUserTask({ userTaskKey }, now)).assignee, 'ada');
    await client.completeUserTask({ userTaskKey, variables: { approved: true } });
  },
  async search() {
    const filter = { processInstanceKey: instance, state: 'COMPLETED' };
    const [ended] = (await client.searchProcessInstances({ filter }, now)).items;
    equal(ended.endDate >= ended.startDate, true);
    equal(await variables(), { order: '"first"', worked: 'true', paid: '42', approved: 'true' });
    const found = await elements();
    equal(['start', 'work', 'pay', 'review', 'end'].filter((one) => !found.includes(one)), []);
  },
  async incident() {
    instance = await begin('second');
    const { jobKey } = await take();
    await client.failJob({ jobKey, retries: 0, errorMessage: 'Out of paper' });
    const [incident] = (await client.searchIncidents(ofInstance(), now)).items;
    equal([incident.errorMessage, incident.errorType], ['Out of paper', 'JOB_NO_RETRIES']);
    await client.updateJob({ jobKey, changeset: { retries: 1 } });
    await client.resolveIncident({ incidentKey: incident.incidentKey });
    await client.completeJob({ jobKey: (await take()).jobKey });
    await untilAt('pay');
  },
  async error() {
    instance = await begin('third');
    await client.throwJobError({ jobKey: (await take()).jobKey, errorCode: 'REFUSED' });
    await untilAt('turned-away');
  },
  async variables() {
    instance = await begin('fourth');
    await client.createElementInstanceVariables({ elementInstanceKey: instance, variables: { told: ['a', 1, null] } });
    equal((await variables()).told, '["a",1,null]');
  },
  async cancellation() {
    await client.cancelProcessInstance({ processInstanceKey: instance });
    equal((await client.getProcessInstance({ processInstanceKey: instance }, now)).state, 'TERMINATED');
  },
  async decision() {
    const found = await client.evaluateDecision({
      decisionDefinitionId: 'judged-discount', variables: { amount: 250 },
    });
    equal(found.output, '15');
    equal(found.evaluatedDecisions[0].matchedRules.map((one) => one.ruleId), ['large']);
  },
  async reading() {
    const [job] = (await client.searchJobs(ofInstance(), now)).items;
    equal([job.type, job.state], [jobType, 'CANCELED']);
    const [variable] = (await client.searchVariables(ofInstance(), now)).items;
    equal((await client.getVariable({ variableKey: variable.variableKey }, now)).value, variable.value);
    const [element] = (await client.searchElementInstances(ofInstance(), now)).items;
    const { elementInstanceKey } = element;
    equal((await client.getElementInstance({ elementInstanceKey }, now)).state, element.state);
    const { processDefinitionKey } = element;
    const found = await client.searchProcessDefinitions({ filter: { processDefinitionKey } }, now);
    equal(found.items.map((one) => one.processDefinitionId), ['judged']);
    const [{ incidentKey }] = (await client.searchIncidents({}, now)).items;
    equal((await client.getIncident({ incidentKey }, now)).state, 'RESOLVED');
    const [{ userTaskKey }] = (await client.searchUserTasks({ filter: { state: 'COMPLETED' } }, now)).items;
    const seen = await client.searchUserTaskVariables({ userTaskKey, filter: { name: 'order' } }, now);
    equal(seen.items.map((one) => one.value), ['"first"']);
    const decided = await client.searchDecisionInstances({ filter: { decisionDefinitionId: 'judged-discount' } }, now);
    const [{ decisionEvaluationInstanceKey, decisionDefinitionKey, result }] = decided.items;
    equal(result, '15');
    const rules = (await client.getDecisionInstance({ decisionEvaluationInstanceKey }, now)).matchedRules;
    equal(rules.map((one) => one.ruleId), ['large']);
    equal((await client.getDecisionDefinition({ decisionDefinitionKey }, now)).name, 'Discount');
    const files = (await client.searchDecisionRequirements({}, now)).items;
    equal(files.map((one) => one.resourceName), ['judged.dmn']);
    const waits = (await client.searchMessageSubscriptions({}, now)).items;
    equal(waits.every((one) => one.messageName === 'judged-paid'), true);
    equal((await client.getLicense()).validLicense, false);
    equal((await client.evaluateExpression({ expression: '=1 + 1' })).result, 2);
    equal((await client.broadcastSignal({ signalName: 'nobody-hears', variables: {} })).tenantId, '<default>');
  },
  async refusal() {
    const refused = await begin('fifth', 'nobody-knows').then(() => undefined, (error) => error);
    equal([refused.status, refused.title], [404, 'NOT_FOUND']);
    equal(refused.detail.includes('nobody-knows'), true);
  },
});
