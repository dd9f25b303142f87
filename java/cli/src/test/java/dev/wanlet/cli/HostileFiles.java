// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.cli;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;

/** Small weight files with names of one's choice, written byte by byte. */
record HostileFiles(Path folder) {
  private static final ObjectMapper JSON = new ObjectMapper();

  /** A safetensors file of tensors of one element. */
  Path safetensors(String file, Map<String, String> metadata, String type, String... names)
      throws IOException {
    int size = type.equals("F32") ? 4 : 8;
    Map<String, Object> header = new LinkedHashMap<>();
    if (!metadata.isEmpty()) {
      header.put("__metadata__", metadata);
    }
    int at = 0;
    for (String name : names) {
      header.put(
          name, Map.of("dtype", type, "shape", List.of(1), "data_offsets", List.of(at, at + size)));
      at += size;
    }
    return safetensors(file, JSON.writeValueAsString(header), at);
  }

  /** A safetensors file with any header. */
  Path safetensors(String file, String header, int dataBytes) throws IOException {
    byte[] text = header.getBytes(StandardCharsets.UTF_8);
    ByteBuffer bytes =
        ByteBuffer.allocate(8 + text.length + dataBytes).order(ByteOrder.LITTLE_ENDIAN);
    bytes.putLong(text.length).put(text);
    return Files.write(folder.resolve(file), bytes.array());
  }

  /** A GGUF file with one text of metadata and one tensor of a type that may not exist. */
  Path gguf(String file, String key, String text, String tensor, int type) throws IOException {
    byte[][] texts = {utf8(key), utf8(text), utf8(tensor)};
    ByteBuffer bytes =
        ByteBuffer.allocate(4096 + key.length() * 4 + text.length() * 4 + tensor.length() * 4);
    bytes.order(ByteOrder.LITTLE_ENDIAN);
    bytes.put(utf8("GGUF")).putInt(3).putLong(1).putLong(1);
    bytes.putLong(texts[0].length).put(texts[0]).putInt(8);
    bytes.putLong(texts[1].length).put(texts[1]);
    bytes.putLong(texts[2].length).put(texts[2]).putInt(1).putLong(1).putInt(type).putLong(0);
    bytes.position((bytes.position() + 31) / 32 * 32 + 32);
    byte[] all = new byte[bytes.position()];
    bytes.rewind().get(all);
    return Files.write(folder.resolve(file), all);
  }

  /** A PyTorch file whose pickle asks for a class of this name. */
  Path pth(String file, String className) throws IOException {
    ByteArrayOutputStream pickle = new ByteArrayOutputStream();
    pickle.write(new byte[] {(byte) 0x80, 2, 'c'});
    pickle.write(utf8("evil\n" + className + "\n."));
    return zip(file, "archive/data.pkl", pickle.toByteArray());
  }

  Path zip(String file, String entry, byte[] content) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (ZipOutputStream zip = new ZipOutputStream(bytes)) {
      zip.setMethod(ZipOutputStream.DEFLATED);
      zip.putNextEntry(new ZipEntry(entry));
      zip.write(content);
    }
    return Files.write(folder.resolve(file), bytes.toByteArray());
  }

  Path json(String file, Object content) throws IOException {
    return Files.write(folder.resolve(file), JSON.writeValueAsBytes(content));
  }

  private static byte[] utf8(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }
}
