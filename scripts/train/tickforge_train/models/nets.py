"""Networks that read windows of closed minutes: LSTM, Transformer, CNN. Small enough for one thread of a
trader's machine.

Normalisation and missing values are part of the graph, so the runtime feeds features as they are.
"""

import io
import math
import warnings

import numpy as np
import onnx
import torch
from torch import Tensor, nn

from .inputs import OPSET, Inputs

# More threads wait for each other longer than they work, on networks this small.
THREADS = 1
# Beyond this many deviations a value says no more.
NORMAL_MAX = 5.0
# The deviation of a normal distribution over its quartiles' distance.
QUARTILES_PER_DEVIATION = 1.349
NORMAL_ROWS_MAX = 200_000


class Normalise(nn.Module):
    """Median to 0, quartiles' distance to that of a unit normal, limited; what is missing becomes the
    median."""

    def __init__(self, features: int) -> None:
        super().__init__()
        self.register_buffer("middle", torch.zeros(features))
        self.register_buffer("scale", torch.ones(features))

    def fit(self, rows: np.ndarray) -> None:
        low, middle, high = np.nanquantile(rows.astype(np.float64), [0.25, 0.5, 0.75], axis=0)
        scale = (high - low) / QUARTILES_PER_DEVIATION
        # Features that are mostly one value, as sessions are.
        scale = np.where(scale > 0, scale, np.nanstd(rows, axis=0))
        scale = np.where(scale > 0, scale, 1.0)
        self.middle.copy_(torch.tensor(np.nan_to_num(middle), dtype=torch.float32))
        self.scale.copy_(torch.tensor(np.nan_to_num(scale, nan=1.0), dtype=torch.float32))

    def forward(self, features: Tensor) -> Tensor:
        normal = (features - self.middle) / self.scale
        present = torch.where(torch.isnan(normal), torch.zeros_like(normal), normal)
        return torch.clamp(present, -NORMAL_MAX, NORMAL_MAX)


class Lstm(nn.Module):
    """Hochreiter and Schmidhuber 1997: the last state of one layer."""

    def __init__(self, features: int, window: int, width: int) -> None:
        super().__init__()
        self.cells = nn.LSTM(features, width, batch_first=True)
        self.width = width

    def forward(self, rows: Tensor) -> Tensor:
        states, _ = self.cells(rows)
        return states[:, -1]


class Attention(nn.Module):
    """An encoder layer, normalised first (Vaswani et al. 2017; Xiong et al. 2020), of plain products: torch's
    own takes a shortcut that cannot be exported."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.before = nn.LayerNorm(width)
        self.asked = nn.Linear(width, 3 * width)
        self.told = nn.Linear(width, width)
        self.after = nn.LayerNorm(width)
        self.thought = nn.Sequential(nn.Linear(width, 2 * width), nn.ReLU(), nn.Linear(2 * width, width))

    def forward(self, rows: Tensor) -> Tensor:
        length, width = rows.shape[1], rows.shape[2]
        parts = self.asked(self.before(rows)).reshape(-1, length, 3, self.heads, width // self.heads)
        query, key, value = parts.permute(2, 0, 3, 1, 4).unbind(0)
        share = torch.softmax(query @ key.transpose(-2, -1) / math.sqrt(width // self.heads), dim=-1)
        rows = rows + self.told((share @ value).transpose(1, 2).reshape(-1, length, width))
        return rows + self.thought(self.after(rows))


class Transformer(nn.Module):
    def __init__(self, features: int, window: int, width: int) -> None:
        super().__init__()
        self.enter = nn.Linear(features, width)
        self.place = nn.Parameter(torch.randn(window, width) * 0.02)
        self.layers = nn.Sequential(Attention(width, 4), Attention(width, 4))
        self.width = 2 * width

    def forward(self, rows: Tensor) -> Tensor:
        seen = self.layers(self.enter(rows) + self.place)
        return torch.cat([seen[:, -1], seen.mean(dim=1)], dim=1)


class Cnn(nn.Module):
    """Causal convolutions, each looking twice as far back as the one before (Bai, Kolter and Koltun 2018)."""

    def __init__(self, features: int, window: int, width: int) -> None:
        super().__init__()
        self.pads = [2 * 2**depth for depth in range(max(1, int(math.log2(window)) - 1))]
        self.layers = nn.ModuleList(
            nn.Conv1d(features if at == 0 else width, width, 3, dilation=pad // 2)
            for at, pad in enumerate(self.pads)
        )
        self.width = 2 * width

    def forward(self, rows: Tensor) -> Tensor:
        seen = rows.transpose(1, 2)
        for at, (layer, pad) in enumerate(zip(self.layers, self.pads, strict=True)):
            heard = torch.relu(layer(nn.functional.pad(seen, (pad, 0))))
            seen = heard if at == 0 else seen + heard
        return torch.cat([seen[:, :, -1], seen.mean(dim=2)], dim=1)


BODIES = {"lstm": Lstm, "transformer": Transformer, "cnn": Cnn}


class Net(nn.Module):
    """A body between normalisation and two last layers, of which the first is the embedding."""

    def __init__(self, body: str, shape: tuple[int, int], width: int, embedding: int) -> None:
        super().__init__()
        window, features = shape
        self.normalise = Normalise(features)
        self.body = BODIES[body](features, window, width)
        self.embed = nn.Linear(self.body.width, embedding)
        self.answer = nn.Linear(embedding, 1)

    def embedding(self, features: Tensor) -> Tensor:
        return torch.tanh(self.embed(self.body(self.normalise(features))))

    def forward(self, features: Tensor) -> tuple[Tensor, Tensor]:
        """The probability [rows, 1] and the embedding [rows, n]."""
        embedding = self.embedding(features)
        return torch.sigmoid(self.answer(embedding)), embedding


class NetLearner:
    """Weighted cross-entropy, AdamW (Loshchilov and Hutter 2019), a rate that rises and falls once (Smith
    2018)."""

    accepts_missing = True

    def __init__(self, body: str, settings: dict[str, float | int], seed: int) -> None:
        self._body, self._settings, self._seed = body, settings, seed
        torch.set_num_threads(THREADS)
        torch.use_deterministic_algorithms(True)

    def fit(self, inputs: Inputs, index: np.ndarray, target: np.ndarray, weight: np.ndarray) -> None:
        settings = self._settings
        torch.manual_seed(self._seed)
        self._shape = (inputs.window, inputs.matrix.shape[1])
        self._net = Net(self._body, self._shape, int(settings["width"]), int(settings["embedding"]))
        stride = max(1, len(index) // NORMAL_ROWS_MAX)
        self._net.normalise.fit(inputs.matrix[inputs.row[index[::stride]]])
        batch, epochs = int(settings["batch"]), int(settings["epochs"])
        steps = epochs * math.ceil(len(index) / batch)
        optimiser = torch.optim.AdamW(
            self._net.parameters(), lr=settings["rate"], weight_decay=settings["decay"]
        )
        schedule = torch.optim.lr_scheduler.OneCycleLR(
            optimiser, max_lr=settings["rate"], total_steps=max(steps, 2)
        )
        targets = torch.tensor(target, dtype=torch.float32)[:, None]
        weights = torch.tensor(weight, dtype=torch.float32)[:, None]
        self._net.train()
        for _ in range(epochs):
            for rows in torch.randperm(len(index)).split(batch):
                seen = torch.from_numpy(inputs.take(index[rows.numpy()]))
                answered, _ = self._net(seen)
                loss = nn.functional.binary_cross_entropy(answered, targets[rows], weights[rows])
                optimiser.zero_grad()
                loss.backward()
                nn.utils.clip_grad_norm_(self._net.parameters(), 1.0)
                optimiser.step()
                schedule.step()
        self._net.eval()

    def predict(self, inputs: Inputs, index: np.ndarray) -> np.ndarray:
        answers = []
        with torch.no_grad():
            for rows in np.array_split(index, max(1, len(index) // 4_096)):
                answers.append(self._net(torch.from_numpy(inputs.take(rows)))[0][:, 0].numpy())
        return np.concatenate(answers).astype(np.float64)

    def graph(self, features: int) -> onnx.ModelProto:
        content = io.BytesIO()
        with warnings.catch_warnings():
            # Of states whose number of rows is not known: they are zero for any.
            warnings.simplefilter("ignore")
            torch.onnx.export(
                self._net,
                torch.zeros(2, *self._shape),
                content,
                opset_version=OPSET,
                input_names=["features"],
                output_names=["said", "embedding"],
                dynamic_axes={name: {0: "rows"} for name in ("features", "said", "embedding")},
            )
        return onnx.load_from_string(content.getvalue())

    def importance(self) -> None:
        """Nothing of their own: they are measured by what shuffling a feature costs."""
