// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.request;

import dev.wanlet.wan.catalog.ModelPart;
import dev.wanlet.wan.catalog.ModelSelection;
import dev.wanlet.wan.media.write.Encoding;
import dev.wanlet.wan.media.write.PixelFormat;
import dev.wanlet.wan.memory.ByteSize;
import dev.wanlet.wan.memory.ComputeSettings;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;

/** Values of some settings, each of its setting's type. Immutable. */
public final class SettingValues {
  /** No value at all. */
  public static final SettingValues NONE = new SettingValues(Map.of());

  private final Map<Setting<?>, Object> values;

  private SettingValues(Map<Setting<?>, Object> values) {
    this.values = values;
  }

  /** The same with a value, which replaces an earlier one; null takes that away. */
  public <T> SettingValues with(Setting<T> setting, T value) {
    Map<Setting<?>, Object> more = new LinkedHashMap<>(values);
    if (value == null) {
      more.remove(setting);
    } else {
      more.put(setting, setting.type().javaType().cast(value));
    }
    return new SettingValues(more);
  }

  /** The same with the values of another object, which replace earlier ones. */
  public SettingValues with(SettingValues others) {
    Map<Setting<?>, Object> more = new LinkedHashMap<>(values);
    more.putAll(others.values);
    return new SettingValues(more);
  }

  /** The value, if there is one. */
  public <T> Optional<T> find(Setting<T> setting) {
    return Optional.ofNullable(setting.type().javaType().cast(values.get(setting)));
  }

  /** Which model the values name. */
  public ModelSelection model() {
    ModelSelection selection = ModelSelection.none().withModel(find(Settings.MODEL).orElse(null));
    for (Map.Entry<Setting<?>, Object> value : values.entrySet()) {
      Optional<ModelPart> part = value.getKey().part();
      if (part.isPresent()) {
        selection = selection.with(part.get(), (Path) value.getValue());
      }
    }
    return selection.withPictures(
        !StartRules.isGiven(this)
            && (find(Settings.INIT_IMG).isPresent() || find(Settings.END_IMG).isPresent()));
  }

  /**
   * Where to compute. Needs no model: what is not said is automatic.
   *
   * @throws dev.wanlet.wan.catalog.RequestException if a value cannot be
   */
  public ComputeSettings compute() {
    return new ComputeSettings(
        find(Settings.DEVICE).orElse(ComputeSettings.AUTO.device()),
        find(Settings.THREADS).map(OptionalInt::of).orElseGet(OptionalInt::empty),
        bytes(Settings.VRAM),
        bytes(Settings.RAM),
        find(Settings.PRECISION).orElse(ComputeSettings.AUTO.precision()));
  }

  /** Whether a picture or video is to be made over, by a model that needs none. */
  public boolean makesOver() {
    return StartRules.isGiven(this);
  }

  /** How a video is written. */
  Encoding encoding() {
    return new Encoding(
        find(Settings.CODEC),
        find(Settings.CRF).map(OptionalInt::of).orElseGet(OptionalInt::empty),
        find(Settings.PIXEL_FORMAT).orElse(PixelFormat.YUV420P));
  }

  private OptionalLong bytes(Setting<ByteSize> setting) {
    return find(setting).map(s -> OptionalLong.of(s.bytes())).orElseGet(OptionalLong::empty);
  }
}
