// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.model.umt5;

/**
 * The classes into which T5 sorts the distance from a query to a key: small distances have one
 * each, larger ones share, the more the farther, and the two signs are kept apart. Stateless,
 * thread-safe.
 *
 * <p>Source: Wan2.1 wan/modules/t5.py, T5RelativeEmbedding (bidirectional).
 */
public final class RelativePositionBuckets {
  private RelativePositionBuckets() {}

  /**
   * The class of one distance.
   *
   * @param relativePosition the key's position minus the query's
   * @return in [0, numBuckets)
   */
  public static int bucket(int relativePosition, int numBuckets, int maxDistance) {
    int perSign = numBuckets / 2;
    int exact = perSign / 2;
    int sign = relativePosition > 0 ? perSign : 0;
    int distance = Math.abs(relativePosition);
    if (distance < exact) {
      return sign + distance;
    }
    // Every step is rounded to float32 as PyTorch does it: some distances land on whole numbers.
    float log = (float) Math.log((float) distance / exact);
    float range = (float) Math.log((double) maxDistance / exact);
    int shared = (int) (log / range * (perSign - exact));
    return sign + Math.min(exact + shared, perSign - 1);
  }

  /**
   * The classes of all pairs.
   *
   * @return [queries, keys] flattened
   */
  public static int[] table(int queries, int keys, int numBuckets, int maxDistance) {
    int[] byDistance = new int[queries + keys - 1];
    for (int i = 0; i < byDistance.length; i++) {
      byDistance[i] = bucket(i - (queries - 1), numBuckets, maxDistance);
    }
    int[] table = new int[Math.multiplyExact(queries, keys)];
    for (int q = 0; q < queries; q++) {
      System.arraycopy(byDistance, queries - 1 - q, table, q * keys, keys);
    }
    return table;
  }
}
