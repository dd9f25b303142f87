// SPDX-License-Identifier: Apache-2.0
package dev.wanlet.weights;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.wanlet.ggml.Shape;
import dev.wanlet.ggml.TensorType;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class WeightTensorTest {
  @ParameterizedTest
  @EnumSource(TensorType.class)
  void everyGgmlTypeCanBeStored(TensorType type) {
    StoredType stored = StoredType.of(type);
    Shape shape = Shape.of(3, 2L * type.blockElements());
    assertThat(stored.tensorType()).contains(type);
    assertThat(stored.isQuantized()).isEqualTo(type.isQuantized());
    assertThat(stored.bytes(shape)).isEqualTo(type.bytes(shape));
    if (!type.isQuantized()) {
      assertThat(stored.elementBytes()).isEqualTo(type.blockBytes());
    }
  }

  @Test
  void widensEveryPlainType() {
    ByteBuffer two64 = buffer(16).putLong(-1).putLong(3);
    assertThat(tensor(StoredType.U64, two64).toFloats()).containsExactly(0x1p64f, 3);
    assertThat(tensor(StoredType.I64, two64).toFloats()).containsExactly(-1, 3);
    assertThat(tensor(StoredType.F64, buffer(16).putDouble(0.1).putDouble(-2)).toFloats())
        .containsExactly(0.1f, -2);
    ByteBuffer two32 = buffer(8).putInt(-1).putInt(3);
    assertThat(tensor(StoredType.U32, two32).toFloats()).containsExactly(0x1p32f, 3);
    assertThat(tensor(StoredType.I32, two32).toFloats()).containsExactly(-1, 3);
    ByteBuffer two16 = buffer(4).putShort((short) 0xbf80).putShort((short) 0x3c00);
    assertThat(tensor(StoredType.BF16, two16).toFloats()).containsExactly(-1, 0.0078125f);
    assertThat(tensor(StoredType.F16, two16).toFloats()).containsExactly(-1.875f, 1);
    assertThat(tensor(StoredType.U16, two16).toFloats()).containsExactly(0xbf80, 0x3c00);
    assertThat(tensor(StoredType.I16, two16).toFloats()).containsExactly(0xbf80 - 65536, 0x3c00);
    ByteBuffer two8 = buffer(2).put((byte) 0xb8).put((byte) 0x3c);
    assertThat(tensor(StoredType.F8_E4M3, two8).toFloats()).containsExactly(-1, 1.5f);
    assertThat(tensor(StoredType.F8_E5M2, two8).toFloats()).containsExactly(-0.5f, 1);
    assertThat(tensor(StoredType.U8, two8).toFloats()).containsExactly(0xb8, 0x3c);
    assertThat(tensor(StoredType.I8, two8).toFloats()).containsExactly(0xb8 - 256, 0x3c);
    assertThat(tensor(StoredType.BOOL, buffer(2).put((byte) 1)).toFloats()).containsExactly(1, 0);
  }

  @Test
  void readsIntegersExactly() {
    ByteBuffer bytes = buffer(16).putLong(Long.MAX_VALUE).putLong(-1);
    assertThat(tensor(StoredType.I64, bytes).toLongs()).containsExactly(Long.MAX_VALUE, -1);
    assertThatThrownBy(() -> tensor(StoredType.U64, bytes).toLongs())
        .isInstanceOf(ArithmeticException.class)
        .hasMessageContaining("18446744073709551615");
    assertThatThrownBy(() -> tensor(StoredType.I64, bytes).toInts())
        .isInstanceOf(ArithmeticException.class);
    assertThatThrownBy(() -> tensor(StoredType.F64, bytes).toLongs())
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("not integers");
  }

  @Test
  void leavesQuantisedTypesToGgml() {
    WeightTensor tensor = tensor(StoredType.Q8_0, buffer(34), Shape.of(32));
    assertThat(tensor.byteLength()).isEqualTo(34);
    assertThatThrownBy(tensor::toFloats)
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("w Q8_0 [32] is quantised");
    assertThatThrownBy(tensor::toLongs).isInstanceOf(IllegalStateException.class);
    assertThatThrownBy(() -> tensor.buffer(30, 5)).isInstanceOf(IndexOutOfBoundsException.class);
  }

  private static ByteBuffer buffer(int bytes) {
    return ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN);
  }

  private static WeightTensor tensor(StoredType type, ByteBuffer bytes) {
    return tensor(type, bytes, Shape.of(2));
  }

  private static WeightTensor tensor(StoredType type, ByteBuffer bytes, Shape shape) {
    MappedFile file = MappedFile.inMemory(Path.of("test"), bytes.array());
    return new WeightTensor("w", type, shape, shape, file, 0);
  }
}
