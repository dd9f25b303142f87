// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.profiles.device;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.wanlet.wan.catalog.RequestException;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;

/** The cards on paper, read from {@code devices.json}. Immutable. */
public final class DeviceSpecs {
  private static final String RESOURCE = "devices.json";
  private static final String MAKERS = "\\b(nvidia|geforce|amd|radeon|intel|graphics|gpu)\\b";

  /** What most desktops with a browser hold of a card. */
  private static final long DESKTOP_MIB = 600;

  /** Bytes a second that uploads from pinned memory reach: some four fifths of the signal rate. */
  private static final Map<String, Double> LINKS =
      Map.of(
          "PCIe 3.0 x16", 12.5e9,
          "PCIe 4.0 x8", 12.5e9,
          "PCIe 4.0 x16", 25e9,
          "PCIe 5.0 x8", 25e9,
          "PCIe 5.0 x16", 50e9,
          "shared memory", 30e9);

  private record Entry(
      String id,
      String title,
      double memoryGib,
      Long heldMib,
      double bandwidthGbs,
      double halfTflops,
      Double sustained,
      String link,
      String backend,
      String source) {}

  /**
   * @param sustained by backend, for cards that have no figure of their own
   */
  private record Table(
      Map<String, Double> sustained, Map<String, String> sources, List<Entry> devices) {}

  private static final class Standard {
    static final DeviceSpecs INSTANCE = load();
  }

  private final List<DeviceSpec> all;

  private DeviceSpecs(List<DeviceSpec> all) {
    this.all = List.copyOf(all);
  }

  /** Memory that is left for a run on a card with so much, in a desktop like most. */
  public static long usableBytes(long memoryBytes) {
    return Math.max(0, memoryBytes - (DESKTOP_MIB << 20) - DeviceSpec.CONTEXT_BYTES);
  }

  /** The cards that this version knows. */
  public static DeviceSpecs standard() {
    return Standard.INSTANCE;
  }

  private static DeviceSpecs load() {
    try (InputStream in = DeviceSpecs.class.getResourceAsStream(RESOURCE)) {
      if (in == null) {
        throw new IllegalStateException("this build lacks its resource " + RESOURCE);
      }
      Table table = new ObjectMapper().readValue(in, Table.class);
      List<DeviceSpec> specs = new ArrayList<>();
      for (Entry e : table.devices()) {
        specs.add(spec(e, table));
      }
      return new DeviceSpecs(specs);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static DeviceSpec spec(Entry e, Table table) {
    return new DeviceSpec(
        e.id(),
        e.title(),
        (long) (e.memoryGib() * (1L << 30)),
        (e.heldMib() == null ? DESKTOP_MIB : e.heldMib()) << 20,
        e.bandwidthGbs() * 1e9,
        e.halfTflops() * 1e12,
        e.sustained() == null ? known(table.sustained(), e.backend()) : e.sustained(),
        new DeviceSpec.Link(e.link(), known(LINKS, e.link())),
        e.backend(),
        known(table.sources(), e.source()));
  }

  private static <T> T known(Map<String, T> table, String key) {
    T value = table.get(key);
    if (value == null) {
      throw new IllegalStateException(RESOURCE + " names '" + key + "', which it does not define");
    }
    return value;
  }

  /** All of them, in the order of the table. */
  public List<DeviceSpec> all() {
    return all;
  }

  /**
   * The card of a name, written as people do: {@code RTX 4060}, {@code rtx-4060}, {@code GeForce
   * RTX 3060 12GB}.
   *
   * @throws RequestException if there is none, or several differ in a part that was left out; it
   *     names what there is
   */
  public DeviceSpec require(String name) {
    String wanted = normalised(name);
    List<DeviceSpec> near = new ArrayList<>();
    for (DeviceSpec spec : all) {
      String id = normalised(spec.id());
      if (id.equals(wanted)) {
        return spec;
      }
      if (!wanted.isEmpty() && id.startsWith(wanted) && id.endsWith("gb")) {
        near.add(spec);
      }
    }
    if (near.size() == 1) {
      return near.get(0);
    }
    throw new RequestException(
        near.isEmpty()
            ? "no device is known as '" + name + "'; known are " + ids(all)
            : "'" + name + "' was sold with more than one size of memory: say " + ids(near));
  }

  private static String ids(List<DeviceSpec> specs) {
    return specs.stream().map(DeviceSpec::id).collect(Collectors.joining(", "));
  }

  private static String normalised(String name) {
    return name.toLowerCase(Locale.ROOT).replaceAll(MAKERS, "").replaceAll("[^a-z0-9]+", "");
  }
}
