"""A small, complete, valid company to plant faults in: twelve accounts, two regions, every table of the contract.

The data is synthetic. ``planted = Planted(tmp_path)`` writes it; ``planted.plant("orders", 3, "amount", "abc")`` spoils
one cell by its spreadsheet row (1 is the header); ``planted.check()`` checks it as of a fixed day.
"""

import csv
import datetime as dt
import io
from pathlib import Path

import pandas as pd

from kamlib import data, schema

TODAY = dt.date(2026, 1, 31)
AS_OF = "2025-12-31"

TABLES = {
    "regions": """\
region,name_en,name_zh,currency,fiscal_year_start,discount_rate
East,East,华东,CNY,1,0.08
South,South,华南,CNY,1,0.09
""",
    "accounts": """\
account_id,account_name,region,account_type,industry,size_class,employees,annual_revenue,beds,parent_account_id,since,cooperation,\
account_manager,solution_manager,delivery_manager,province,city
A01,东海医院,East,customer,public,large,2100,800000000,1500,,2019-03-01,strategic,Li Wei,Sun Yan,He,Zhejiang,杭州
A02,东海医院二院,East,customer,public,medium,900,300000000,700,A01,2020-05-10,long_term,Li Wei,Sun Yan,He,Zhejiang,杭州
A03,Harbour Clinic,East,customer,private,small,60,20000000,40,,2021-07-01,short_term,Li Wei,Sun Yan,He,Jiangsu,Nanjing
A04,湖州人民医院,East,customer,public,medium,700,210000000,600,,2022-02-14,long_term,Wang Fang,Sun Yan,,Zhejiang,Huzhou
A05,East Dealer,East,dealer,distributor,small,35,50000000,,,2018-01-01,,Wang Fang,Sun Yan,,Shanghai,Shanghai
A06,New Hope Hospital,East,prospect,private,small,80,,60,,,,Wang Fang,Sun Yan,,Jiangsu,Suzhou
B01,岭南医院,South,customer,public,large,1800,700000000,1300,,2019-06-01,strategic,Chen Jie,Guo Min,,Guangdong,广州
B02,珠江医院,South,customer,public,medium,800,260000000,650,,2020-09-01,long_term,Chen Jie,Guo Min,,Guangdong,广州
B03,Bay Clinic,South,customer,private,small,50,15000000,30,,2023-01-15,short_term,Chen Jie,Guo Min,,Guangdong,深圳
B04,深圳儿童医院,South,customer,public,medium,650,200000000,500,,2021-11-11,,Chen Jie,Guo Min,,Guangdong,深圳
B05,South Dealer,South,dealer,distributor,small,20,30000000,,,2019-04-01,,Chen Jie,Guo Min,,Fujian,Xiamen
G01,康宁集团,all,customer,group,large,5000,2000000000,4000,,2018-08-08,strategic,Zhao Min,,,Beijing,Beijing
""",
    "products": """\
product,category,list_price,unit_cost,launched
MRI-1,imaging,5000000,3200000,2015-01-01
CT-2,imaging,2000000,1200000,2017-01-01
PUMP,consumables,800,350,2016-06-01
""",
    "orders": """\
order_id,line,account_id,order_date,product,quantity,amount,cost,invoice_date,paid_date,region
O1,1,A01,2023-03-01,PUMP,100,78000,35000,2023-03-05,2023-06-01,
O1,2,A01,2023-03-01,CT-2,1,1900000,1200000,2023-03-05,2023-06-01,
O2,1,A02,2023-05-20,PUMP,40,32000,14000,2023-05-21,2023-07-01,
O3,1,A03,2024-01-15,PUMP,10,8000,3500,2024-01-16,2024-02-20,
O4,1,A04,2024-02-29,CT-2,1,1950000,1200000,2024-03-05,,
O5,1,A05,2024-06-01,PUMP,200,140000,70000,2024-06-02,2024-06-30,
O6,1,A01,2025-03-10,PUMP,-5,-3900,-1750,2025-03-11,,
O7,1,B01,2023-04-01,MRI-1,1,4800000,3200000,2023-04-10,2023-12-01,
O8,1,B02,2023-08-01,PUMP,60,46000,21000,2023-08-02,2023-09-01,
O9,1,B03,2024-05-05,PUMP,8,6400,2800,2024-05-06,2024-06-06,
O10,1,B04,2024-07-07,PUMP,30,23000,10500,2024-07-08,2024-09-09,
O11,1,B05,2025-01-10,PUMP,150,100000,52500,2025-01-11,2025-02-01,
O12,1,G01,2025-02-02,PUMP,500,380000,175000,2025-02-03,2025-04-01,East
O13,1,G01,2025-06-06,PUMP,300,230000,105000,2025-06-07,2025-08-01,South
O14,1,B02,2025-11-11,PUMP,50,39000,17500,2025-11-12,,
""",
    "service_costs": """\
account_id,month,activity,cost
A01,2024-01,visits,1200
A01,2024-02,visits,800
A01,2024-02,training,3000
B01,2024-01,repairs,5400
""",
    "contacts": """\
contact_id,account_id,name,department,title,decision_role,influence,stance,reports_to,owner
C1,A01,张三,Radiology,Head,EB,5,1,,Li Wei
C2,A01,李四,Radiology,Physician,UB,3,2,C1,Li Wei
C3,B01,王五,Purchasing,Director,EB,5,-1,,Chen Jie
C4,B01,Ann Lee,IT,Engineer,TB,2,0,C3,Chen Jie
C5,A04,赵六,Administration,Vice president,coach,4,2,,Wang Fang
""",
    "interactions": """\
interaction_id,account_id,contact_id,date,role,kind,topic
I1,A01,C1,2024-03-03,AR,visit,renewal
I2,A01,C2,2024-03-10,SR,demo,CT upgrade
I3,B01,C3,2024-04-01,FR,service,installation
I4,A06,,2024-05-05,AR,call,first contact
""",
    "satisfaction": """\
account_id,contact_id,date,nps,csat,topic,comment
A01,C1,2024-06-01,9,4.5,service,quick
A01,C2,2024-06-01,7,4,service,
B01,C3,2024-06-02,3,2.5,delivery,"late, and
without notice"
""",
    "leads": """\
lead_id,account_id,source,created,score,status,cost,opportunity_id,closed,owner,region
L1,A01,exhibitions,2024-01-05,80,converted,500,D1,2024-01-20,Li Wei,
L2,A06,social_circles,2024-04-01,40,qualified,100,,,Wang Fang,
L3,,tender_notices,2024-05-01,10,new,0,,,Chen Jie,South
L4,B02,installed_base,2024-06-01,60,disqualified,50,,2024-07-01,Chen Jie,
""",
    "opportunities": """\
opportunity_id,account_id,product,amount,created,expected_close,closed,outcome,closed_amount,owner,competitor,lost_reason,region
D1,A01,CT-2,2000000,2024-01-20,2024-06-30,2024-06-15,won,1950000,Li Wei,MedCo,,
D2,A04,CT-2,2000000,2024-02-01,2024-09-30,2024-10-10,lost,,Wang Fang,MedCo,price,
D3,B01,MRI-1,5000000,2024-03-01,2025-03-31,,open,,Chen Jie,Imagix,,
D4,G01,PUMP,400000,2025-01-05,2025-12-31,,open,,Zhao Min,,,South
""",
    "stage_history": """\
opportunity_id,stage,entered
D1,need,2024-01-20
D1,tender,2024-04-01
D1,install,2024-08-01
D2,need,2024-02-01
D2,tender,2024-05-01
D2,need,2024-06-01
D2,tender,2024-07-01
D3,need,2024-03-01
D4,need,2025-01-05
""",
    "stages": """\
stage,name_en,name_zh,order,funnel,entry_evidence,owner_role,sla_days
found,Found,发现,1,lead,a name,AR,14
need,Need,需求确认,2,deal,a need in writing,AR,30
tender,Tender,招投标,3,deal,tender documents,SR,60
install,Installation,安装,4,delivery,signed contract,FR,45
""",
    "market": """\
region,industry,year,market_size,growth_rate,players
East,public,2024,900000000,0.06,12
South,public,2024,700000000,0.04,10
""",
    "competitors": """\
competitor,region,year,market_share,price_index,product_score,service_score
MedCo,East,2024,0.35,98,4,3
Imagix,East,2024,0.25,110,5,2
MedCo,South,2024,0.3,97,4,3
""",
    "events": """\
date,region,kind,title,impact
2024-03-15,all,policy,Volume-based procurement,-2
2024-09-01,East,rival,MedCo opens an office,-1
""",
    "targets": """\
region,account_id,owner,metric,period,target
East,,,sales,2024,6000000
East,A01,Li Wei,sales,2024-Q1,900000
South,,,market_share,2024,0.2
South,,Chen Jie,visits,2024-03,40
""",
    "initiatives": """\
initiative_id,account_id,goal,our_owner,their_owner,start,end,our_cost,their_cost,expected_amount,status
N1,A01,Renew imaging,Li Wei,张三,2025-01-01,2025-12-31,50000,20000,2000000,active
N2,B01,Train staff,Chen Jie,王五,2025-03-01,2025-05-31,8000,0,100000,done
""",
    "dealers": """\
account_id,territory,capability,sales_people,credit_limit,rebate_rate,contract_start,contract_end
A05,Shanghai,service,6,500000,0.03,2024-01-01,2026-12-31
B05,Fujian,stock,4,300000,0.02,2024-04-01,2026-03-31
""",
    "promotions": """\
promotion_id,region,account_id,product,kind,channel,start,end,spend
P1,East,,PUMP,discount,offline,2024-05-01,2024-05-31,20000
P2,South,B02,,webinar,online,2024-06-10,2024-06-10,5000
""",
    "pilots": """\
pilot_id,account_id,practice,arm,start,end
T1,A01,monthly reviews,treated,2025-01-01,2025-06-30
T1,A04,monthly reviews,control,2025-01-01,2025-06-30
""",
    "maturity": """\
item,answer,evidence,decided_by,decided_on
1,yes,a list of key accounts,the room,2025-10-10
2,no,,the room,2025-10-10
""",
    "weights": """\
topic,criterion,weight,decided_by,decided_on
key_account,revenue,0.5,the room,2025-10-10
key_account,growth,0.3,the room,2025-10-10
key_account,fit,0.2,the room,2025-10-10
""",
    "account_scores": """\
account_id,criterion,score,reason,decided_by,decided_on
A01,fit,0.9,same language,the room,2025-10-10
B01,fit,0.4,,the room,2025-10-10
""",
    "wallets": """\
account_id,wallet,reason,decided_by,decided_on
A01,3000000,a new wing,the room,2025-10-10
B01,400000,their tender plan,the room,2025-10-10
""",
    "swot": """\
region,quadrant,statement,importance,decided_by,decided_on
East,strength,Service in four hours,5,the room,2025-10-10
all,threat,Centralised purchasing,4,the room,2025-10-10
""",
    "pest": """\
region,factor,statement,impact,probability,horizon,decided_by,decided_on
East,political,Procurement reform,-2,0.8,1,the room,2025-10-10
all,technological,AI reading,2,0.5,3,the room,2025-10-10
""",
    "response_curves": """\
account_id,role,effort,response,decided_by,decided_on
A01,AR,0,0.7,the room,2025-10-10
A01,AR,1,1,the room,2025-10-10
A01,AR,2,1.3,the room,2025-10-10
""",
    "trust": """\
account_id,contact_id,asked_on,competence,reliability,openness,goodwill,decided_by
A01,C1,2025-06-10,4,4,3,4,the room
B01,C3,2025-06-10,3,3,2,3,the room
""",
}
JUDGEMENTS = ("maturity", "weights", "account_scores", "wallets", "swot", "pest", "response_curves", "trust")


class Planted:
    """The company in a folder, easy to spoil."""

    def __init__(self, folder: Path, tables: tuple[str, ...] = tuple(TABLES)):
        self.folder = folder
        for table in tables:
            self.write(table, TABLES[table])

    def path(self, table: str, ending: str = ".csv") -> Path:
        """The file of a table."""
        folder = self.folder / ("judgements" if table in JUDGEMENTS else "")
        folder.mkdir(parents=True, exist_ok=True)
        return folder / f"{table}{ending}"

    def file(self, table: str, ending: str = ".csv") -> str:
        """The file of a table as problems name it."""
        return self.path(table, ending).relative_to(self.folder).as_posix()

    def write(self, table: str, content: str | bytes, *, encoding: str = "utf-8", ending: str = ".csv") -> Path:
        """Write a table's file as it is given."""
        path = self.path(table, ending)
        path.write_bytes(content if isinstance(content, bytes) else content.encode(encoding))
        return path

    def rows(self, table: str) -> list[list[str]]:
        """The cells of a table, header first."""
        return list(csv.reader(io.StringIO(self.path(table).read_text("utf-8"), newline="")))

    def put(self, table: str, rows: list[list[str]], *, delimiter: str = ",", encoding: str = "utf-8") -> None:
        """Write a table from cells."""
        out = io.StringIO()
        csv.writer(out, delimiter=delimiter, lineterminator="\n").writerows(rows)
        self.write(table, out.getvalue(), encoding=encoding)

    def plant(self, table: str, row: int, column: str, value: str) -> str:
        """Put ``value`` into a cell by spreadsheet row and column name; the value it had."""
        rows = self.rows(table)
        place = rows[0].index(column)
        before, rows[row - 1][place] = rows[row - 1][place], value
        self.put(table, rows)
        return before

    def all_of(self, table: str, column: str, values: list[str]) -> None:
        """Put one value into every row of a column, in turn and from the start again."""
        rows = self.rows(table)
        place = rows[0].index(column)
        for number, row in enumerate(rows[1:]):
            row[place] = values[number % len(values)]
        self.put(table, rows)

    def add(self, table: str, *cells: str) -> int:
        """Add a row at the end; its spreadsheet row."""
        rows = [*self.rows(table), list(cells)]
        self.put(table, rows)
        return len(rows)

    def copy(self, table: str, row: int, **changes: str) -> int:
        """Repeat a row at the end with some cells changed; its spreadsheet row."""
        rows = self.rows(table)
        told = dict(zip(rows[0], rows[row - 1], strict=True)) | changes
        return self.add(table, *told.values())

    def rename(self, table: str, column: str, name: str) -> None:
        """Give a column another name."""
        rows = self.rows(table)
        rows[0][rows[0].index(column)] = name
        self.put(table, rows)

    def drop(self, table: str, column: str) -> None:
        """Take a column out."""
        rows = self.rows(table)
        place = rows[0].index(column)
        self.put(table, [row[:place] + row[place + 1 :] for row in rows])

    def frame(self, table: str) -> pd.DataFrame:
        """The table as text cells."""
        rows = self.rows(table)
        return pd.DataFrame(rows[1:], columns=rows[0], dtype="str")

    def remove(self, table: str) -> None:
        """Delete a table's file."""
        self.path(table).unlink()

    def mapping(self, text: str) -> None:
        """Write ``mapping.toml``."""
        (self.folder / "mapping.toml").write_text(text, "utf-8")

    def open(self) -> data.Company:
        """The company."""
        return data.open_company(self.folder)

    def check(self) -> data.Check:
        """What the check finds on a fixed day."""
        return self.open().check(today=TODAY)

    def value(self, table: str, row: int, column: str) -> object:
        """A cell as it was read."""
        return self.open().table(table).frame.at[row, column]


def around(table: str) -> tuple[str, ...]:
    """A table and those without which it cannot be checked: what it refers to, and the tables every company has."""
    needed, todo = {"regions", "accounts"}, [table]
    while todo:
        name = todo.pop()
        needed.add(name)
        refers = {column.refers.partition(".")[0] for column in schema.TABLES[name].columns} - {""}
        refers |= {"stages", "opportunities"} if name == "stage_history" else set()
        todo += refers - needed
    return tuple(name for name in TABLES if name in needed)
