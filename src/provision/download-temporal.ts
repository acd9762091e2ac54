/**
 * Downloads the development server through the SDK: `download-temporal.ts <version> <folder>`.
 * A process of its own, because the SDK's native core would stay in the memory of whoever loads it.
 */
import { TestWorkflowEnvironment } from '@temporalio/testing';

const [version, downloadDir] = process.argv.slice(2);
if (!version || !downloadDir) throw new Error('name a version and a folder');
try {
  const environment = await TestWorkflowEnvironment.createLocal({
    server: { executable: { type: 'cached-download', version, downloadDir } },
  });
  await environment.teardown();
} catch (error) {
  process.stderr.write(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
}
