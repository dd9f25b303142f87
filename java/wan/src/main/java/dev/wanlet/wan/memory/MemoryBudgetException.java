// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.memory;

/**
 * A run does not fit its budget whatever is moved or cut. The message says what the smallest budget
 * would be.
 */
public class MemoryBudgetException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final long budgetBytes;
  private final long neededBytes;

  public MemoryBudgetException(String stage, long neededBytes, long budgetBytes, String advice) {
    super(
        String.format(
            "%s needs at least %s of device memory, the budget is %s%s",
            stage,
            Bytes.text(neededBytes),
            Bytes.text(budgetBytes),
            advice.isEmpty() ? "" : "; " + advice));
    this.neededBytes = neededBytes;
    this.budgetBytes = budgetBytes;
  }

  public long budgetBytes() {
    return budgetBytes;
  }

  /** The smallest budget that would do for the stage. */
  public long neededBytes() {
    return neededBytes;
  }
}
