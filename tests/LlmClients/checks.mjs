// One line for each check, and how many there were. A check that throws has failed; one that looks at nothing cannot pass for one that holds.
import assert from 'node:assert/strict';

const count = { passed: 0, failed: 0 };

export async function check(name, work) {
    try {
        await work();
        count.passed++;
        console.log(`ok      ${name}`);
    } catch (error) {
        count.failed++;
        console.log(`FAILED  ${name}\n        ${String(error?.stack ?? error).replaceAll('\n', '\n        ')}`);
    }
}

/** What a call fails with, as far as a program can tell by its client's own classes. */
export async function failure(work, Class, status) {
    const error = await work().then(value => assert.fail(`nothing failed, but there came ${JSON.stringify(value)}`), e => e);
    assert.ok(error instanceof Class, `${error?.constructor?.name} in place of ${Class.name}: ${error?.message}`);
    assert.equal(error.status, status);
    return error;
}

export function sum() {
    console.log(`${count.passed} passed, ${count.failed} failed`);
    return count.failed === 0 && count.passed > 0 ? 0 : 1;
}
