"""pyarrow: particles.parquet is particles.csv with types."""
import math

import pandas
import pyarrow
import pyarrow.parquet

# The CSV has seven digits.
TOLERANCE = 1e-6


def run(context):
    file = pyarrow.parquet.ParquetFile(context.run / "particles.parquet")
    table = file.read()
    text = pandas.read_csv(context.run / "particles.csv", dtype=str, keep_default_na=False)
    context.check("columns and rows", table.column_names == list(text.columns) and table.num_rows == len(text), f"{table.num_rows} x {table.num_columns}")
    differ, worst, nulls = [], 0.0, 0
    for name in table.column_names:
        kind = table.schema.field(name).type
        for ours, cell in zip(table.column(name).to_pylist(), text[name]):
            nulls += ours is None
            if ours is None or cell == "":
                same = ours is None and cell == ""
            elif kind == pyarrow.float64():
                difference = abs(ours - float(cell)) / max(abs(ours), 1e-12) if ours else abs(float(cell))
                worst, same = max(worst, difference), difference <= TOLERANCE and math.isfinite(ours)
            elif kind == pyarrow.int64():
                same = str(ours) == cell
            else:
                # The CSV guards what a spreadsheet would take for a formula.
                same = kind == pyarrow.string() and cell == ("'" if ours[:1] in "=+-@" else "") + ours
            if not same:
                differ.append(f"{name}: {ours!r}, CSV {cell!r}")
    for line in differ[:10]:
        print(f"        {line}")
    context.check("cells", not differ, f"{len(differ)} differ, {nulls} nulls, largest relative difference {worst:.1e}")
    types = {name: str(table.schema.field(name).type) for name in ("image", "particle_id", "diameter_nm")}
    context.check("types", list(types.values()) == ["string", "int64", "double"], str(types))
    metadata = {key.decode(): value.decode() for key, value in (table.schema.metadata or {}).items()}
    told = sum(f"{name}.meaning" in metadata for name in table.column_names)
    context.check("meaning and unit of the columns", told == table.num_columns and metadata["diameter_nm.unit"] == "nm", f"{told} columns")
    compression = {file.metadata.row_group(0).column(i).compression for i in range(table.num_columns)}
    context.check("compression", compression == {"SNAPPY"}, str(compression))
