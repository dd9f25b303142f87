// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.cli.options;

import dev.wanlet.base.Printable;
import dev.wanlet.files.OutputFile;
import dev.wanlet.wan.catalog.ModelFiles;
import dev.wanlet.wan.catalog.ModelPart;
import dev.wanlet.wan.catalog.RequestException;
import dev.wanlet.wan.media.PngSequence;
import dev.wanlet.wan.media.Signature;
import dev.wanlet.wan.request.AdapterList;
import dev.wanlet.wan.request.FileList;
import dev.wanlet.wan.request.GenerationRequest;
import dev.wanlet.wan.request.Setting;
import dev.wanlet.wan.request.Settings;
import dev.wanlet.weights.lora.AdapterFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;

/**
 * What a command reads, so that nothing of it is replaced by what the command writes. Files are the
 * same if the disk says so, whatever their names and links. Immutable.
 */
public final class InputFiles {
  /**
   * A file or folder that is read.
   *
   * @param owner who names it, such as {@code --init-img}
   * @param ofPictures whether all pictures are read of a folder
   */
  private record Input(Path file, String owner, boolean ofPictures) {
    boolean isPicture(Path other) throws IOException {
      return ofPictures
          && Files.isDirectory(file)
          && Files.isSameFile(OutputFile.followed(other).getParent(), file)
          && Signature.of(other) != Signature.OTHER;
    }

    boolean is(Path other) throws IOException {
      return Files.exists(file) && Files.isSameFile(other, file);
    }
  }

  private final List<Input> inputs;

  private InputFiles(List<Input> inputs) {
    this.inputs = List.copyOf(inputs);
  }

  /** The files of a model. */
  public static InputFiles of(ModelFiles files) {
    List<Input> inputs = new ArrayList<>();
    for (ModelPart part : ModelPart.values()) {
      files
          .file(part)
          .ifPresent(f -> inputs.add(new Input(f, "the model's " + part.title(), false)));
    }
    return new InputFiles(inputs);
  }

  /** The files of a model, and those that a clip's settings name. */
  public static InputFiles of(ModelFiles files, GenerationRequest request) {
    List<Input> inputs = new ArrayList<>(of(files).inputs);
    for (Setting<?> setting : Settings.TABLE.settings()) {
      boolean ofPictures = setting.section() == Setting.Section.CLIP;
      files(request, setting).forEach(f -> inputs.add(new Input(f, setting.option(), ofPictures)));
    }
    return new InputFiles(inputs);
  }

  private static List<Path> files(GenerationRequest request, Setting<?> setting) {
    if (!setting.type().namesFiles()) {
      return List.of();
    }
    Object value = request.find(setting).orElse(null);
    if (value instanceof FileList list) {
      return list.files();
    }
    if (value instanceof AdapterList list) {
      return list.files().stream().map(AdapterFile::file).toList();
    }
    return value instanceof Path file ? List.of(file) : List.of();
  }

  /**
   * What tells these files, and those in these folders, from others of the same names: sizes and
   * times, for a checkpoint is too large to be read for that.
   *
   * @throws IOException if one cannot be read
   */
  public List<String> versions() throws IOException {
    List<String> versions = new ArrayList<>();
    for (Input input : inputs) {
      try (Stream<Path> files = Files.walk(input.file())) {
        for (Path file : files.sorted().toList()) {
          versions.add(
              file + ", " + Files.size(file) + " bytes of " + Files.getLastModifiedTime(file));
        }
      }
    }
    return versions;
  }

  /** These and one more. */
  public InputFiles and(Path file, String owner) {
    Stream<Input> one = Stream.of(new Input(file, owner, false));
    return new InputFiles(Stream.concat(inputs.stream(), one).toList());
  }

  /**
   * Refuses to write a clip over an input.
   *
   * @param flag that names the output
   * @throws RequestException if a file of the clip is one that is read
   * @throws IOException if the disk cannot tell
   */
  public void requireOther(GenerationRequest request, String flag) throws IOException {
    for (Path written : written(request)) {
      requireOther(written, flag);
    }
  }

  /**
   * Refuses to write over an input.
   *
   * @param output a file
   * @param flag that names it
   * @throws RequestException if it is one that is read
   * @throws IOException if the disk cannot tell
   */
  public void requireOther(Path output, String flag) throws IOException {
    if (!Files.isRegularFile(output)) {
      return;
    }
    for (Input input : inputs) {
      boolean within = input.isPicture(output);
      if (within || input.is(output)) {
        throw new RequestException(
            String.format(
                "%s is %s %s, which is read and would be replaced; give %s another name",
                Printable.text(output),
                within ? "a picture in the folder of" : "the file of",
                input.owner(),
                flag));
      }
    }
  }

  /** Whether a file is one of those that a clip is written to, there or not. */
  public static boolean isOutput(GenerationRequest request, Path file) throws IOException {
    Path real = real(file);
    for (Path written : written(request)) {
      if (real(written).equals(real)) {
        return true;
      }
    }
    return false;
  }

  private static Path real(Path file) throws IOException {
    Path followed = OutputFile.followed(file);
    if (Files.exists(followed)) {
      return followed.toRealPath();
    }
    Path folder = followed.getParent();
    return folder != null && Files.isDirectory(folder)
        ? folder.toRealPath().resolve(followed.getFileName())
        : followed.normalize();
  }

  /** The files of a clip: of pictures one for each frame. */
  private static List<Path> written(GenerationRequest request) {
    Path output = request.output();
    return output.toString().toLowerCase(Locale.ROOT).endsWith(".png")
        ? PngSequence.of(output).files(request.clip().frames())
        : List.of(output);
  }
}
