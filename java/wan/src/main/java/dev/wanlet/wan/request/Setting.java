// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.wan.request;

import dev.wanlet.wan.catalog.ModelDefaults;
import dev.wanlet.wan.catalog.ModelPart;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.function.BiConsumer;
import java.util.function.Function;

/**
 * One thing that can be said about a run: its name, how it is written, what it is unless the user
 * says otherwise, and which values are possible. Command line, metadata, saved runs and requests
 * are all made from these. Immutable; two settings are equal if they are the same object.
 *
 * @param <T> class of the values
 */
public final class Setting<T> {
  /** Groups of settings, as the help lists them. */
  public enum Section {
    /** What to make. */
    CLIP,
    /** With which model. */
    MODEL,
    /** How noise becomes the clip. */
    SAMPLING,
    /** Where to compute, with how much memory, and how exactly. */
    COMPUTE
  }

  /** Where a setting applies. */
  public enum Scope {
    /** Shapes the clip: stored in it and in saved runs, and cannot be changed on resume. */
    CLIP(true),
    /** As {@link #CLIP}, for models of two experts; refused for others. */
    TWO_EXPERTS(true),
    /** As {@link #CLIP}, for models whose clips begin with a picture; refused for others. */
    PICTURES(true),
    /** As {@link #CLIP}, for models with a control branch; refused for others. */
    CONTROL(true),
    /** As {@link #CLIP}, for models of either kind; refused for others. */
    PICTURES_OR_CONTROL(true),
    /** Names a file of the model. What is stored is the file that was used in the end. */
    MODEL_FILE(true),
    /** Says where to compute, or with how much: not stored, and can be chosen anew on resume. */
    COMPUTE(false),
    /** Stands for other settings, which are stored in its place. */
    SHORTHAND(false);

    private final boolean stored;

    Scope(boolean stored) {
      this.stored = stored;
    }

    /** Whether clips and saved runs carry the setting. */
    public boolean isStored() {
      return stored;
    }
  }

  private final String name;
  private final SettingType<T> type;
  private final Section section;
  private final Scope scope;
  private final List<String> flags;
  private final String label;
  private final String help;
  private final String listedAfter;
  private final ModelPart part;
  private final String subject;
  private final T none;
  private final Function<Decisions, T> defaultValue;
  private final Function<Decisions, Optional<T>> usualValue;
  private final Function<Decisions, Optional<T>> forcedValue;
  private final BiConsumer<Decisions, T> check;

  private Setting(Builder<T> b) {
    name = b.name;
    type = b.type;
    section = b.section;
    scope = b.scope;
    flags = List.copyOf(b.flags);
    label = Objects.requireNonNull(b.label, b.name);
    help = Objects.requireNonNull(b.help, b.name);
    listedAfter = b.listedAfter;
    part = b.part;
    subject = b.subject;
    none = b.none;
    defaultValue = b.defaultValue;
    usualValue = b.usualValue;
    forcedValue = b.forcedValue;
    check = b.check;
  }

  /**
   * Starts a setting that shapes the clip.
   *
   * @param name stable name: the long flag without dashes, and the key in metadata
   */
  public static <T> Builder<T> of(String name, SettingType<T> type, Section section) {
    return new Builder<>(name, type, section);
  }

  /** Stable name: the long flag without dashes, and the key in metadata. */
  public String name() {
    return name;
  }

  /** The long flag: {@code --name}. */
  public String option() {
    return flags.get(0);
  }

  /** All flags with their dashes, {@link #option()} first. */
  public List<String> flags() {
    return flags;
  }

  public SettingType<T> type() {
    return type;
  }

  public Section section() {
    return section;
  }

  public Scope scope() {
    return scope;
  }

  /** What the value is called in the help, such as {@code COUNT}. */
  public String label() {
    return label;
  }

  /** One or two sentences for the help. */
  public String help() {
    return help;
  }

  /** The setting that the help lists before this one; empty: the one before it in the table. */
  Optional<String> listedAfter() {
    return Optional.ofNullable(listedAfter);
  }

  /** The part of the model whose file this setting names. */
  public Optional<ModelPart> part() {
    return Optional.ofNullable(part);
  }

  /** Whether every saved run of this model has a value. */
  boolean isAlwaysStored(ModelDefaults model) {
    return scope.isStored() && defaultValue != null && appliesTo(model);
  }

  private boolean appliesTo(ModelDefaults model) {
    return switch (scope) {
      case TWO_EXPERTS -> model.experts() == 2;
      case PICTURES -> model.transformer().variant().takesPictures();
      case CONTROL -> model.transformer().variant().takesControl();
      case PICTURES_OR_CONTROL ->
          model.transformer().variant().takesPictures()
              || model.transformer().variant().takesControl();
      default -> true;
    };
  }

  /** A picture is for any model if it is to be made over. */
  private boolean appliesTo(Decisions decisions) {
    boolean ofPictures = scope == Scope.PICTURES || scope == Scope.PICTURES_OR_CONTROL;
    return appliesTo(decisions.model()) || (ofPictures && decisions.makesOver());
  }

  /** The value for one request, checked; empty if there is none. */
  Optional<T> decide(Decisions decisions) {
    Optional<T> value =
        forcedValue.apply(decisions).or(() -> decisions.given(this)).filter(v -> !v.equals(none));
    if (!appliesTo(decisions)) {
      if (value.isPresent()) {
        throw refusal(decisions);
      }
      return value;
    }
    if (value.isEmpty() && defaultValue != null) {
      value = Optional.of(defaultValue.apply(decisions));
    }
    if (value.isEmpty()) {
      value = usualValue.apply(decisions);
    }
    value.ifPresent(v -> check.accept(decisions, v));
    return value;
  }

  private RuntimeException refusal(Decisions decisions) {
    return switch (scope) {
      case TWO_EXPERTS -> decisions.rules().needsExperts(subject);
      case CONTROL -> ControlRules.takesNoControl(decisions.model(), subject);
      default -> decisions.rules().takesNoPictures(subject);
    };
  }

  @Override
  public String toString() {
    return name;
  }

  /** Collects what is to be known of a setting. Confined to one thread. */
  public static final class Builder<T> {
    private final String name;
    private final SettingType<T> type;
    private final Section section;
    private final List<String> flags = new ArrayList<>();
    private Scope scope = Scope.CLIP;
    private String label;
    private String help;
    private String listedAfter;
    private ModelPart part;
    private String subject;
    private T none;
    private Function<Decisions, T> defaultValue;
    private Function<Decisions, Optional<T>> usualValue = decisions -> Optional.empty();
    private Function<Decisions, Optional<T>> forcedValue = decisions -> Optional.empty();
    private BiConsumer<Decisions, T> check = (decisions, value) -> {};

    private Builder(String name, SettingType<T> type, Section section) {
      this.name = name;
      this.type = type;
      this.section = section;
      flags.add("--" + name);
    }

    /** Another flag, with its dashes. */
    public Builder<T> alias(String flag) {
      flags.add(flag);
      return this;
    }

    /** What the help calls the value, and what it says of the setting. */
    public Builder<T> help(String valueLabel, String text) {
      label = valueLabel;
      help = text;
      return this;
    }

    /** Lists the setting after another one of its section instead of in the table's order. */
    Builder<T> listedAfter(String other) {
      listedAfter = other;
      return this;
    }

    /**
     * The value unless the user gives one. It may ask for other settings, but not in a circle. A
     * setting without a default is optional; those added after the first release must be, because
     * older saved runs lack them.
     */
    public Builder<T> orElse(Function<Decisions, T> value) {
      defaultValue = value;
      return this;
    }

    /**
     * The value of some requests unless the user gives one; empty for others. Saved runs may lack
     * it.
     */
    Builder<T> usually(Function<Decisions, Optional<T>> value) {
      usualValue = value;
      return this;
    }

    /**
     * A value that another setting brings with it, whatever the user gives; empty where it does
     * not. {@link GenerationRequest.Builder#notes} tells the user.
     */
    Builder<T> forced(Function<Decisions, Optional<T>> value) {
      forcedValue = value;
      return this;
    }

    /** Giving this value is the same as giving none. */
    public Builder<T> noneIs(T value) {
      none = value;
      return this;
    }

    /**
     * Refuses values that cannot be.
     *
     * @param test throws a {@link dev.wanlet.wan.catalog.RequestException}
     */
    public Builder<T> check(BiConsumer<Decisions, T> test) {
      check = test;
      return this;
    }

    /** Only says where, or with how much, to compute. */
    public Builder<T> computeOnly() {
      scope = Scope.COMPUTE;
      return this;
    }

    /** Stands for other settings. */
    public Builder<T> shorthand() {
      scope = Scope.SHORTHAND;
      return this;
    }

    /**
     * Applies to models of two experts.
     *
     * @param what the value with its article, for the message to users of other models
     */
    public Builder<T> twoExperts(String what) {
      scope = Scope.TWO_EXPERTS;
      subject = what;
      return this;
    }

    /**
     * Applies to models whose clips begin with a picture.
     *
     * @param what the value with its article, for the message to users of other models
     */
    public Builder<T> pictures(String what) {
      scope = Scope.PICTURES;
      subject = what;
      return this;
    }

    /**
     * Applies to models with a control branch.
     *
     * @param what the value with its article, for the message to users of other models
     */
    Builder<T> control(String what) {
      scope = Scope.CONTROL;
      subject = what;
      return this;
    }

    /** As {@link #pictures}, and for models with a control branch too. */
    Builder<T> picturesOrControl(String what) {
      scope = Scope.PICTURES_OR_CONTROL;
      subject = what;
      return this;
    }

    /** Names the file of a part of the model. */
    Builder<T> fileOf(ModelPart modelPart) {
      scope = Scope.MODEL_FILE;
      part = modelPart;
      return this;
    }

    public Setting<T> build() {
      return new Setting<>(this);
    }
  }
}
