// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.memory;

/**
 * A run does not fit its budget whatever is moved or cut. The message says what the smallest budget
 * would be.
 */
public class MemoryBudgetException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /** Whose memory is short. */
  public enum Kind {
    DEVICE("device memory"),
    HOST("host memory");

    private final String title;

    Kind(String title) {
      this.title = title;
    }
  }

  private final Kind kind;
  private final String stage;
  private final long budgetBytes;
  private final long neededBytes;

  /**
   * @param stage what needs so much, such as {@code the transformer}
   * @param neededBytes the smallest budget that would do
   * @param advice what to try, or empty
   */
  public MemoryBudgetException(
      Kind kind, String stage, long neededBytes, long budgetBytes, String advice) {
    super(
        String.format(
            "%s needs at least %s of %s, the budget is %s%s",
            stage,
            Bytes.needed(neededBytes),
            kind.title,
            Bytes.text(budgetBytes),
            advice.isEmpty() ? "" : "; " + advice));
    this.kind = kind;
    this.stage = stage;
    this.neededBytes = neededBytes;
    this.budgetBytes = budgetBytes;
  }

  /** Of device memory. */
  public MemoryBudgetException(String stage, long neededBytes, long budgetBytes, String advice) {
    this(Kind.DEVICE, stage, neededBytes, budgetBytes, advice);
  }

  /** The same refusal with other advice. */
  public MemoryBudgetException withAdvice(String advice) {
    return new MemoryBudgetException(kind, stage, neededBytes, budgetBytes, advice);
  }

  public Kind kind() {
    return kind;
  }

  public long budgetBytes() {
    return budgetBytes;
  }

  /** The smallest budget that would do. */
  public long neededBytes() {
    return neededBytes;
  }
}
